# make demo    segment the two sample scans and leave scene, pictures and reports in demo/
# make test    all tests, in two processes (JOBS=4 for four, JOBS=0 for none beside pytest's own)
# make bench   benchmark tables (needs the evaluation data, see README.md); BENCH=--quick for a short run
# make gui     the module's panel without Slicer; with SLICER=/path/to/Slicer, Slicer with the module
# make lint    style and types

# Any torch from 2.2 on will do. Without a GPU, a CPU build saves a download of several gigabytes:
#   make demo TORCH="torch --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
# The brain mask. Installed without its own dependencies, because one of them is a GUI toolkit.
DEEPBET ?= deepbet==1.0.2

# python3 is the user's choice; the others are tried when it is too old or too new.
FIND_PYTHON = for p in "$(PYTHON)" python3 python3.13 python3.12 python3.11; do \
	if [ -n "$$p" ] && "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then \
	echo "Python 3.11, 3.12 or 3.13 is needed and none was found: install one, or name it with PYTHON=/path/to/python." >&2; \
	exit 1; fi

READY = .venv/.ready
RUN = .venv/bin/python
PATHS = PYTHONPATH="$(CURDIR)/Testing:$(CURDIR)/GMMSegExtension"
# Processes that share the test files. Each takes up to 3 GB, and the tests' own workers come beside them.
JOBS ?= 2


.PHONY: demo test bench gui lint
.DELETE_ON_ERROR:

demo: $(READY)
	@$(PATHS) $(RUN) -m demo --out demo

test: $(READY)
	@QT_QPA_PLATFORM=offscreen $(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

bench: $(READY)
	@$(PATHS) $(RUN) -m benchmarks --out bench-results $(BENCH)

ifdef SLICER
gui:
	"$(SLICER)" --additional-module-paths "$(CURDIR)/GMMSegExtension"
else
gui: $(READY)
	@$(PATHS) $(RUN) -m host
endif

lint: $(READY)
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

$(READY): pyproject.toml Testing/tools/set_up.py
	@$(FIND_PYTHON); "$$python" Testing/tools/set_up.py --torch "$(TORCH)" --deepbet "$(DEEPBET)"
