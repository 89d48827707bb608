"""What a client is told of artifacts that went wrong."""

from xqueue_gateway.problems import FieldError, Kind, Problem, unavailable


def no_such_artifact(artifact_id: str) -> Problem:
    """Return the problem of an id that names no artifact of this tenant."""
    hint = "use the id that the upload answered, or result_url of a task; artifacts expire"
    error = FieldError("id", "no artifact of yours has this id", hint)
    return Problem(Kind.NOT_FOUND, f"there is no artifact {artifact_id[:64]!r}", [error])


def gone_meanwhile() -> Problem:
    """Return the problem of an artifact that was deleted while it was asked for."""
    error = FieldError("id", "was deleted while it was read", "ask for another one")
    return Problem(Kind.NOT_FOUND, "the artifact is gone", [error])


def no_store() -> Problem:
    """Return the problem of an installation that keeps no artifacts."""
    hint = "set XQ_ARTIFACTS_URL for all services: file:///folder or s3://bucket/prefix"
    return unavailable("artifacts", "no store of artifacts is configured", hint=hint, retry_after_s=60)


def no_such_part(size: int) -> Problem:
    """Return the problem of a range beyond the end of a file."""
    error = FieldError("Range", "begins behind the end of the file", f"it has {size} bytes")
    return Problem(Kind.RANGE, f"the artifact has {size} bytes, none of them in this range", [error])
