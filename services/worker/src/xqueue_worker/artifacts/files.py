"""The objects that a handler may hand back in place of the artifact that they have written or read."""

from xqueue_worker.artifacts.reading import ReadFile, Reading
from xqueue_worker.artifacts.writing import WriteFile, Writing

Files = Reading | Writing | ReadFile | WriteFile
