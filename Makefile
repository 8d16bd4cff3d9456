# Every target installs what it needs first; the second call finds it in place. GNU make 3.81 (macOS) and later.

SHELL := /bin/sh
VENV := .venv
VENV_SPARK35 := .venv-spark35
VENV_LOCAL := .venv-local
UV_VERSION := 0.13.9

# The CDK synthesizes offline: no usage reports, no look for a newer version.
export CDK_DISABLE_CLI_TELEMETRY := true
export CDK_DISABLE_VERSION_CHECK := 1

# `node`, `npm` and `python3` are those of the environment, for the CDK and for Spark's workers too.
in_venv = PATH="$(CURDIR)/$(VENV)/bin:$$PATH" && export PATH &&
with_java = $(in_venv) JAVA_HOME="$$($(VENV)/bin/python scripts/java_home.py)" && export JAVA_HOME &&
# Whole files to each process, so that what the tests of a file share is made once. Where all tests run there is one
# process more than two cores, as some wait for state machines, the CDK and time limits, and one has all that need Spark.
in_files := --dist loadfile --no-loadscope-reorder
# What replays do is the command line's; that replaced lines count no more is Spark's (test_replaced_lines.py). Runs that
# are killed at random moments leave what the publication makes of them, whichever Spark they had.
spark_tests := tests/spark tests/faults/test_killed_spark.py --ignore tests/spark/test_replay.py -k "not killed_at_random"
set_up = python=$$(sh scripts/find_python.sh $(PYTHON)) && "$$python" scripts/set_up.py

.PHONY: help run test check proof-iam bench clean lock
.PHONY: python-packages spark35-packages local-packages node-packages spark-classes spark35-classes

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
	@echo "  The first call installs Python, Node and, when none fits, Java packages below this directory."
	@echo "  PYTHON=/path/to/python3.12 chooses the interpreter (3.11, 3.12 or 3.13)."

run: python-packages node-packages local-packages spark-classes ## Deploy to an AWS on this machine and tell the whole story; DATE=… DATA=… runs your own files
	@$(with_java) $(VENV)/bin/python -m cli.make_run $(if $(DATE),--date "$(DATE)") $(if $(DATA),--data "$(DATA)") $(if $(CONTRACT),--contract "$(CONTRACT)")

test: python-packages node-packages local-packages spark-classes spark35-classes ## Run all tests, the Spark ones on Spark 3.5 too
	@echo "the tests of the embedded AWS, in its own environment ..."
	@$(VENV_LOCAL)/bin/python -m pytest local_cloud
	@echo "what runs Spark, on Spark 3.5.6 (Glue 5.1) ..."
	@$(with_java) $(VENV_SPARK35)/bin/python -m pytest --numprocesses 2 $(in_files) $(spark_tests)
	@echo "all tests, on Spark 4.1.1 (Glue 6.0) ..."
	@$(with_java) $(VENV)/bin/python -m pytest --numprocesses 3 $(in_files) --one-spark

check: python-packages node-packages local-packages ## Lint, types, contracts, the synthesized templates
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy
	$(VENV)/bin/python -m mypy --config-file local_cloud/pyproject.toml --python-executable $(VENV_LOCAL)/bin/python
	$(VENV)/bin/python -m cli contract check --released contracts/*.odcs.*
	rm -rf cdk.out
	$(in_venv) node_modules/.bin/cdk synth --strict --context alert_emails=you@example.com --quiet --no-notices --output cdk.out
	$(VENV)/bin/cfn-lint 'cdk.out/**/*.template.json'

proof-iam: python-packages node-packages local-packages spark-classes ## Record every call of a whole run and prove the permissions by them; KEEP=1 keeps the record
	@$(with_java) $(VENV)/bin/python -m tests.iam $(if $(KEEP),--keep)

bench: python-packages ## Measure the job against its alternatives and write the results
	@$(with_java) $(VENV)/bin/python -m benchmarks

clean: ## Remove everything that the other targets made
	rm -rf $(VENV) $(VENV_SPARK35) $(VENV_LOCAL) .java node_modules .data cdk.out
	rm -rf .mypy_cache .ruff_cache .pytest_cache spark-warehouse metastore_db derby.log
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

lock: python-packages ## Resolve pyproject.toml into the requirements files; UPGRADE=--upgrade takes newer versions
	@$(VENV)/bin/python -m pip install --disable-pip-version-check -qq uv==$(UV_VERSION)
	@scripts/lock.sh $(VENV)/bin/uv $(UPGRADE)

python-packages:
	@$(set_up) venv $(VENV) requirements-dev.txt

spark35-packages:
	@$(set_up) venv $(VENV_SPARK35) requirements-spark35.txt

local-packages:
	@$(set_up) venv $(VENV_LOCAL) local_cloud/requirements.txt

node-packages: python-packages
	@$(in_venv) $(set_up) node

spark-classes: python-packages
	@$(with_java) $(VENV)/bin/python -m cli.spark_classes

spark35-classes: python-packages spark35-packages
	@$(with_java) $(VENV_SPARK35)/bin/python -m cli.spark_classes
