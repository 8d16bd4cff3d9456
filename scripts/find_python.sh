#!/bin/sh
# Print the Python that the environments are made with. Usage: scripts/find_python.sh [INTERPRETER]
# Without an argument: the one that .venv was made with, else the first on PATH that fits.
supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

fits() {
    [ -n "$1" ] && "$1" -c "$supported" 2>/dev/null
}

if [ $# -gt 0 ]; then
    fits "$1" && echo "$1" && exit 0
    echo "error: PYTHON=$1 is missing or not Python 3.11, 3.12 or 3.13; next: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
made_with=$(sed -n 1p .venv/.set_up 2>/dev/null)
for python in "$made_with" python3 python3.13 python3.12 python3.11; do
    fits "$python" && echo "$python" && exit 0
done
echo "error: no Python 3.11, 3.12 or 3.13 on PATH; next: install one, or: make PYTHON=/path/to/python3.12" >&2
exit 1
