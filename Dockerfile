# One image for each service, all from this file:
#
#   docker build --build-arg SERVICE=gateway --tag xqueue/gateway:0.1.0 .
#   docker build --build-arg SERVICE=worker --build-arg BASE=nvidia/cuda:12.8.1-base-ubuntu24.04 \
#     --tag xqueue/worker-cuda:0.1.0 .
#
# Reproducible: Python packages come from uv.lock, with their hashes; uv's version decides the build of Python and
# its hash, and builds our own packages itself. Images are pinned by tag, because a digest names one architecture's
# list at one moment and has to be watched by a machine. Whoever has that machine gives tag and digest:
#   --build-arg BASE=debian:12.14-slim@sha256:…   (the same for BUILD_BASE and UV)
# docs/deployment.md tells of handlers that need more packages.

ARG SERVICE=gateway
# What the services run on: any image with glibc; they bring their own Python.
ARG BASE=debian:12.14-slim
ARG BUILD_BASE=debian:12.14-slim
ARG UV=ghcr.io/astral-sh/uv:0.13.9

# hadolint ignore=DL3006 # its tag stands above
FROM ${UV} AS uv


# hadolint ignore=DL3006 # its tag stands above
FROM ${BUILD_BASE} AS build

# The newest certificates are wanted, not those of the day on which this line was written.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*

COPY --from=uv /uv /usr/local/bin/

# Both folders are copied as they are, so their paths must be the same in the final image.
ENV UV_PYTHON_INSTALL_DIR=/opt/python \
    UV_PROJECT_ENVIRONMENT=/opt/xqueue \
    UV_PYTHON_PREFERENCE=only-managed \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_PROGRESS=1

# The version that CI runs the tests on.
ARG PYTHON=3.11.18
RUN uv python install --no-bin "${PYTHON}"

WORKDIR /src
COPY pyproject.toml uv.lock ./
COPY libs libs/
COPY services services/

ARG SERVICE
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --python "${PYTHON}" --package "xqueue-${SERVICE}" --all-extras --no-dev --no-editable --frozen

# More packages for the handlers of a worker, as requirements between spaces. They may not move what the lock file
# pins.
ARG HANDLER_PACKAGES=""
RUN --mount=type=cache,target=/root/.cache/uv \
    test -z "${HANDLER_PACKAGES}" || { \
      uv export --package "xqueue-${SERVICE}" --no-dev --no-emit-workspace --no-hashes --frozen \
        --output-file /tmp/locked.txt --quiet \
      && uv pip install --python /opt/xqueue --constraints /tmp/locked.txt ${HANDLER_PACKAGES}; \
    }


# hadolint ignore=DL3006 # its tag stands above
FROM ${BASE} AS service

# A name for the user, because libraries ask for it; the number is what Kubernetes checks against root.
RUN groupadd --gid 65532 xqueue \
  && useradd --uid 65532 --gid 65532 --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin xqueue \
  && mkdir /handlers \
  && install --directory --owner=xqueue --group=xqueue /artifacts

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /opt/python /opt/python
COPY --from=build /opt/xqueue /opt/xqueue

# Nothing is written but to /tmp, so the root file system may be read-only.
ENV PATH=/opt/xqueue/bin:${PATH} \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# Empty: `python -m` looks for modules here first, which is how a worker finds handlers that are mounted here.
WORKDIR /handlers
USER 65532:65532


# The gateway answers for its health on the port of the API, the others on one of their own.
FROM service AS gateway
ENV XQ_HOST=0.0.0.0 \
    XQ_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 CMD ["python", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ['XQ_PORT']), timeout=4); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]
# Exec form: Python itself is process 1 and gets the SIGTERM, on which the services stop in order.
ENTRYPOINT ["python", "-m", "xqueue_gateway"]

FROM service AS with-ops-port
ENV XQ_OPS_HOST=0.0.0.0 \
    XQ_OPS_PORT=9100
EXPOSE 9100
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 CMD ["python", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ['XQ_OPS_PORT']), timeout=4); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]

FROM with-ops-port AS scheduler
ENTRYPOINT ["python", "-m", "xqueue_scheduler"]

FROM with-ops-port AS worker
# NVIDIA's container runtime mounts the driver's libraries by this, where there are any: for CUDA, and for NVML.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENTRYPOINT ["python", "-m", "xqueue_worker"]

FROM with-ops-port AS notifier
ENTRYPOINT ["python", "-m", "xqueue_notifier"]


# One of the stages above.
FROM ${SERVICE}
