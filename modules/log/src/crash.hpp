#pragma once

/// Fatal signals: give the writer a moment before the process dies.

namespace flotilla::log::detail {

class Writer;

void flush_at_crash(Writer& writer);
/// Puts the former handlers back when `writer` is the one that is flushed.
void forget_at_crash(const Writer& writer);

}  // namespace flotilla::log::detail
