#pragma once
/// Program text that only the start has needed is handed back when the start is over.
///
/// Half of what a small service holds resident is program text and tables of libraries: the dynamic linker's
/// symbol tables, set-up code, and whatever the kernel has mapped around them. They are copies of files,
/// clean, and most of them are never looked at again.

#include <cstddef>

namespace flotilla::runtime {

/// Unmaps the pages of the program and its libraries that are still as their files are, and tells how many
/// bytes that were. What is needed again comes back by itself, out of the kernel's cache of the files, some
/// ten pages for a microsecond. Segments with a page that somebody has changed (a debugger's breakpoint, a
/// probe) stay, and so do locked ones (mlockall). Any thread may call it, and others may run meanwhile.
std::size_t release_program_pages();

}  // namespace flotilla::runtime
