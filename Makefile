# `make dev` runs the local stack. `make check test` runs what CI runs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
comma := ,
export PATH := $(CURDIR)/.dev/venv/bin:$(PATH)

# Commands that start servers for the Rust tests, the black-box tests and the browser tests.
with_servers = dev/node dev/with-stack.mjs --only postgres,firebase --
with_functions = dev/node dev/with-stack.mjs --only postgres,firebase,functions --
with_stack = dev/node dev/with-stack.mjs --
# A test file has ten minutes at most. Open handles do not keep its process alive.
node_test = dev/node --test --test-timeout=600000 --test-force-exit

.PHONY: help
help: ## print this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

# ------------------------------------------------------------------------------------------------ run

.PHONY: dev
dev: ## run everything on this machine until Ctrl-C (PROFILE=release, HOST=0.0.0.0 for phones, API_PORT, WEB_PORT, POSTGRES_PORT, FIREBASE_PORT)
	@dev/install.sh run
	@exec dev/node dev/stack.mjs

# An operator's commands, on the running local stack; docs/operations.md has them for AWS.
invoke = set -a; source .dev/env; exec dev/node dev/invoke.mjs

.PHONY: compare-mirror
compare-mirror: ## list the differences between Firebase and PostgreSQL (ROOM=<id> for one room); changes nothing
	@$(invoke) repair-mirror '{"action":"compare"$(if $(ROOM),$(comma)"room_id":"$(ROOM)")}'

.PHONY: rebuild-mirror
rebuild-mirror: ## write Firebase again from PostgreSQL (ROOM=<id> for one room)
	@$(invoke) repair-mirror '{"action":"rebuild"$(if $(ROOM),$(comma)"room_id":"$(ROOM)")}'

.PHONY: preflight
preflight: ## check what the running local stack depends on; for AWS see docs/operations.md
	@$(invoke) preflight '{"firebase_web_api_key":"local","identity_toolkit_url":"'"$$FIREBASE_DATABASE_URL"'/identitytoolkit.googleapis.com"}'

.PHONY: token
token: ## print an access token for USER_ID=<uuid>, signed with the local stack's key
	@dev/node --env-file=.dev/env dev/token.mjs $(USER_ID)

.PHONY: clean-dev
clean-dev: ## delete the data of `make dev`
	@dev/node dev/clean.mjs

# ------------------------------------------------------------------------------------------------ prove

.PHONY: test
test: test-rust test-pooler test-plans test-firebase test-system test-web test-chaos ## run all tests; they start the servers they need

.PHONY: test-rust
test-rust: tools ## test units, queries and functions, on a PostgreSQL of their own
	@$(with_servers) cargo test --workspace

.PHONY: test-pooler
test-pooler: tools ## test queries and functions again, through PgBouncer in transaction mode
	@$(with_servers) dev/node dev/with-pgbouncer.mjs cargo test --quiet --workspace --tests

# Debian 12 has PostgreSQL 15, the oldest version that the migrations run on.
.PHONY: test-plans
test-plans: tools ## test the plans of the queries again, on the PostgreSQL of the system
	@bin=$$(ls -d /usr/lib/postgresql/*/bin | head -n 1); \
		POSTGRES_BIN=$$bin $(with_servers) cargo test --quiet --workspace --test queries plans

.PHONY: test-firebase
test-firebase: tools ## test the security rules, and the stand-in under the official SDKs
	@$(node_test) $$(find firebase dev -name node_modules -prune -o -name '*.test.mjs' -print)

# Downloads the emulator and needs Java 21. .github/workflows/ci.yml runs it.
official_suite = $(filter-out dev/firebase/stand-in.%,$(wildcard dev/firebase/*.test.mjs))

.PHONY: test-firebase-official
test-firebase-official: tools ## the suite of the stand-in, against Google's database emulator (needs the internet and Java 21)
	@node_modules/.bin/firebase emulators:exec --only database --project demo-relais --config firebase/firebase.json \
		'cd "$(CURDIR)" && $(node_test) --test-concurrency=1 $(official_suite)'

.PHONY: test-system
test-system: tools ## test the running system from outside, with the official SDK listening
	@$(with_functions) $(node_test) --test-concurrency=1 $$(find tests -name node_modules -prune -o -name '*.test.mjs' -print)

.PHONY: test-web
test-web: tools ## test the page: its logic, and in Chromium the page itself; screenshots in web/screenshots
	@npm run --silent test --workspace web
	@$(with_stack) $(node_test) --test-concurrency=2 $$(find web/e2e -name '*.test.mjs')

.PHONY: test-chaos
test-chaos: tools ## run a short `make chaos`, and one without the fence, which must find the stale write
	@dev/node tests/chaos/run.mjs --messages 500 --faults 50 --rooms 6
	@dev/node tests/chaos/run.mjs --messages 300 --faults 30 --rooms 4 --without-fence

.PHONY: chaos
chaos: tools ## send 10,000 messages with 1,000 faults: none may be lost or seen twice (SEED=1)
	@dev/node tests/chaos/run.mjs --messages 10000 --faults 1000 --seed $(or $(SEED),1)

# QUICK=1 makes a few requests each, to check that the bench runs.
.PHONY: bench
bench: ## measure each function against what this machine allows (ONLY=cold,warm,…; bench/README.md)
	@dev/install.sh bench
	@dev/node bench/run.mjs $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

.PHONY: check
check: check-rust check-template check-workflows check-openapi check-web check-docs ## check formats, lints, licences, the template, openapi.yaml, links of the documentation

.PHONY: check-rust
check-rust: tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --quiet -- -D warnings
	cargo deny --log-level error check bans licenses sources

# Nothing here asks AWS for a region or an account. cfn-lint sees the template as CloudFormation does, after the SAM
# transform; the conditions are checked with every option on and off.
.PHONY: check-template
check-template: export AWS_EC2_METADATA_DISABLED := true
check-template: export AWS_DEFAULT_REGION := eu-west-3
check-template: export SAM_CLI_TELEMETRY := 0
check-template: tools
	dev/node dev/template/routes.mjs --check
	sam validate --lint
	@mkdir -p target
	python dev/template/transform.py target/template.json
	cfn-lint target/template.json deploy/deploy-role.yaml
	python dev/template/check_conditions.py target/template.json
	python dev/template/check_deploy_role.py target/template.json
	.dev/checkov/bin/checkov --config-file .checkov.yaml

# Checks the workflows against GitHub's schema. actionlint would also check expressions and scripts, but its PyPI
# package downloads it from GitHub during the installation.
.PHONY: check-workflows
check-workflows: tools
	.dev/checkov/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

.PHONY: check-openapi
check-openapi: tools
	@npm run --silent lint:openapi
	@npm run --silent generate --workspace web -- --check

.PHONY: check-web
check-web: tools
	@npm run --silent check --workspace web

.PHONY: check-docs
check-docs: tools
	@$(node_test) --test-reporter dot tests/documentation.test.mjs tests/scripts.test.mjs

.PHONY: audit
audit: tools ## check the dependencies for known vulnerabilities (downloads the advisory database)
	cargo deny check advisories

# ------------------------------------------------------------------------------------------------ make

.PHONY: build
build: tools ## build one folder per function in target/lambda (ARCH=arm64 for Graviton)
	cargo lambda build --release --workspace --exclude emulator $(if $(filter arm64,$(ARCH)),--arm64)
	@dev/node dev/artefacts.mjs $(or $(ARCH),x86_64)

# One compilation for all functions; `sam build` then only collects the binaries.
.PHONY: sam-build
sam-build: export SAM_CLI_TELEMETRY := 0
sam-build: build
	sam build --config-env $(or $(ENV),default) --parameter-overrides Architecture=$(or $(ARCH),x86_64)

# Settings of an account are in PARAMETERS='ChatSecretArn=… FirebaseDatabaseUrl=…', on one line or several.
.PHONY: deploy
deploy: export SAM_CLI_TELEMETRY := 0
deploy: ARCH := arm64
deploy: ## deploy to AWS: ENV=staging or production, PARAMETERS='ChatSecretArn=… …' (docs/operations.md)
	@[[ "$(ENV)" =~ ^(staging|production)$$ ]] || { echo 'Usage: make deploy ENV=staging|production PARAMETERS=…' >&2; exit 2; }
	$(MAKE) sam-build ARCH=$(ARCH) ENV=$(ENV)
	sam deploy --config-env $(ENV) --parameter-overrides Architecture=$(ARCH) $(strip $(PARAMETERS))

.PHONY: routes
routes: tools ## copy the routes of template.yaml to Cargo.toml
	@dev/node dev/template/routes.mjs

.PHONY: clients
clients: tools ## generate the clients of openapi.yaml: web/generated/typescript (committed) and web/generated/dart
	@npm run --silent generate --workspace web

.PHONY: docs
docs: tools ## write the API reference as one static page, .dev/api.html; `make dev` serves it
	@dev/node dev/reference.mjs

.PHONY: sample
sample: ## print 60 comments and 40 paragraphs at random, for the language check of CONTRIBUTING.md (SEED=1)
	@dev/node dev/sample.mjs $(or $(SEED),1)

.PHONY: rds-roots
rds-roots: tools ## refresh the root certificates of Amazon RDS from npm: shared/certs/rds-roots.pem
	@dev/node dev/rds-roots.mjs

.PHONY: fmt
fmt: ## format the Rust code
	cargo fmt --all

.PHONY: tools
tools:
	@dev/install.sh check
