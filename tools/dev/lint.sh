# ./dev lint and format. Sourced by ./dev.
# shellcheck shell=bash

cxx_files() { git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp'; }

help_format() {
    cat <<'TEXT'
./dev format            put the C++ sources into the one format (clang-format-19, .clang-format)
TEXT
}

run_format() {
    ensure_packages
    cxx_files | xargs -r clang-format-19 -i
}

help_lint() {
    cat <<'TEXT'
./dev lint              every static check
TEXT
}

run_lint() {
    ensure_packages
    cxx_files | xargs -r clang-format-19 --dry-run --Werror
}
