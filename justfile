# Every command of this repository. CI runs `just ci` and nothing else.

set positional-arguments

# Each of the two has brokers of its own. In the order of the folders: what takes longest begins first.
side_by_side := "-n 2 --dist loadfile --no-loadscope-reorder"

[private]
default:
    @{{ just_executable() }} --list --unsorted

# The whole system in the foreground: brokers, services, API on port 8080 (--help tells of the options)
[group('run')]
[no-exit-message]
up *args:
    @exec uv run python -m xqueue_embedded up "$@"

# The same with a real model and work to watch (--help tells of the options)
[group('run')]
[no-exit-message]
demo *args:
    @exec uv run --group demo python -m xqueue_embedded demo "$@"

# All tests, two files at a time, or those that the arguments name, on real brokers
[group('test')]
test *args:
    uv run pytest {{ if args == "" { side_by_side } else { "" } }} "$@"

# Random histories of a cell beside its model for XQ_SOAK_S seconds (default 600), with fresh seeds
[group('test')]
soak *args:
    XQ_SOAK_S="${XQ_SOAK_S:-600}" uv run pytest -s -m soak tests/integration/scheduler/test_walk_soak.py "$@"

# Requests made of openapi.json against a running gateway: `just schemathesis http://127.0.0.1:8080 -n 100`
[group('test')]
schemathesis url *args:
    @shift; PYTHONPATH=tests/support/schemathesis SCHEMATHESIS_HOOKS=hooks uv run schemathesis \
        --config-file tests/support/schemathesis/schemathesis.toml run "{{ url }}/openapi.json" "$@"

# Every call of a running gateway's OpenAPI document by curl: `just tour http://127.0.0.1:8080 [--key xq_…]`
[group('test')]
tour url *args:
    @exec uv run python tests/tour "$@"

# Style, types and the borders between the packages
[group('lint')]
lint:
    uv run ruff check
    uv run ruff format --check
    uv run mypy
    uv run lint-imports

# Put the code into its form, and repair what ruff can
[group('lint')]
fmt:
    uv run ruff check --fix
    uv run ruff format

# Write contracts/ anew: openapi.json, asyncapi.yaml, schemas (tests compare them with the types)
[group('lint')]
contracts:
    uv run python -m xqueue_gateway.openapi contracts/openapi.json
    uv run python -m xqueue_gateway.asyncapi contracts

[private]
openapi: contracts

# What has to pass before anything lands
[group('ci')]
ci: lint test

# Policies compared on thousands of tenants, in simulated time; `--out DIR` draws pictures
[group('bench')]
simulate *args:
    @exec uv run --group sim python bench/simulate.py "$@"

# A measurement: `just bench chain`, `just bench drain --keys 100` (see bench/README.md)
[group('bench')]
bench name *args:
    @shift; exec uv run python bench/{{ if name == "http" { "http_door" } else { name } }}.py "$@"
