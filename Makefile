# Two commands matter: `make run` and `make test`. The others are below; `make help` lists them.
SHELL := /bin/bash
JOBS ?= 2
PRESETS := release debug asan tsan
NINJA = ninja -C build/$(1) -j$(JOBS)

.PHONY: help run test e2e check-all build $(PRESETS) bench fuzz chaos sim coverage format lint image deb install setup clean

help:  ## this list
	@sed -nE 's/^([a-z][a-z -]*):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: setup build/release/build.ninja  ## build what is needed and run the show: gantry up -f examples/orders.yaml
	@test -x build/release/gantry || echo "building gantry: some minutes the first time" >&2
	@NINJA_STATUS='[%f of %t, %es] ' $(call NINJA,release) $(if $(shell test -t 2 && echo tty),,--quiet) gantry
	@exec build/release/gantry up -f examples/orders.yaml $(ARGS)

build: release  ## the release binary: build/release/gantry

$(PRESETS): %: setup build/%/build.ninja  ## a preset: release, debug, asan, tsan
	@$(call NINJA,$*) gantry

build/%/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset $* >build-$*.log 2>&1 || { cat build-$*.log; rm -f build-$*.log; exit 1; }; rm -f build-$*.log

setup:
	@tools/setup run

test:  ## everything that CI runs: unit (release, asan), integration, interop, chaos, e2e, deploy, page
	@tools/setup test
	@tools/test

e2e: release  ## only the tests with a real Kubernetes and KEDA; builds those (half an hour, once) unless GANTRY_E2E_PREBUILT names an archive
	@tools/setup test
	@tests/e2e/cluster/setup >/dev/null
	@GANTRY_E2E_BUILD=1 tools/test --only e2e

check-all:  ## the long runs too: tsan, asan of all tests, coverage, fuzzing
	@tools/setup all
	@tools/test --all

bench: release  ## measurements beside the Java broker; results: bench/README.md
	@tools/setup test
	@bench/run
	@bench/exporter
	@bench/scaler
	@bench/controller --seconds 2
	@bench/activation || echo "no Kubernetes and KEDA here to measure activation with: see tests/e2e/README.md"

fuzz:  ## SECONDS_EACH=60 of every fuzz target under asan
	@tools/setup all
	@tests/fuzz/run $(or $(SECONDS_EACH),60)

chaos: release  ## ten minutes of faults under real controllers; SECONDS=600 SEED=a new one, which is printed
	@tools/setup test
	@tests/chaos/run $(or $(SECONDS),600) $(SEED)

sim: setup build/release/build.ninja  ## SEEDS=10000 of the simulations of Raft and of the whole controller
	@$(call NINJA,release) --quiet sim_raft sim_controller
	@JOBS=$(JOBS) tests/sim/run $(or $(SEEDS),10000)

coverage:  ## line coverage of src/ by unit and integration tests
	@tools/setup all
	@tools/coverage

format:  ## clang-format in place
	@tools/setup all
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

lint:  ## clang-format, clang-tidy, shellcheck
	@tools/setup all
	@tools/lint

image: release  ## a container image without Docker: build/image/gantry.tar, gantry:VERSION
	@tools/image

deb: release  ## a Debian package with systemd units: build/deb/gantry_VERSION_amd64.deb
	@tools/setup test
	@cpack --config build/release/CPackConfig.cmake -B build/deb >build/deb.log || { cat build/deb.log; exit 1; }
	@ls build/deb/*.deb

install: release  ## PREFIX=/usr/local
	@cmake --install build/release --component program --prefix $(or $(PREFIX),/usr/local)

clean:
	rm -rf build
