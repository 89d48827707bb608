"use strict";

SwaggerUIBundle({
  dom_id: "#asked",
  url: "/openapi.json",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null, // would send the document to a stranger
});

const told = document.getElementById("told");
told.addEventListener("toggle", async () => {
  const text = told.querySelector("pre");
  if (told.open && !text.textContent) text.textContent = await (await fetch("/asyncapi.yaml")).text();
});
