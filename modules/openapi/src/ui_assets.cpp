#include "ui_assets.hpp"

#include <cstddef>

// The assembler takes the files in: no array of half a million numbers to compile. They lie in the read-only
// part of the program, so that nothing of them is in memory until somebody asks.
// clang-format off
#define FLT_EMBED(symbol, file)                                              \
    __asm__(".pushsection .rodata.flotilla_ui,\"a\",%progbits\n"              \
            ".balign 16\n"                                                   \
            ".globl " #symbol "\n"                                           \
            ".globl " #symbol "_end\n"                                       \
            #symbol ":\n"                                                    \
            ".incbin \"" FLOTILLA_UI_FOLDER "/" file "\"\n"                  \
            #symbol "_end:\n"                                                \
            ".byte 0\n"                                                      \
            ".popsection\n");                                                \
    extern "C" const char symbol[];                                          \
    extern "C" const char symbol##_end[];
// clang-format on

FLT_EMBED(flotilla_ui_script, "swagger-ui-bundle.js.gz")
FLT_EMBED(flotilla_ui_style, "swagger-ui.css.gz")
FLT_EMBED(flotilla_ui_missing, "missing.txt")

namespace flotilla::openapi {

namespace {

std::string_view between(const char* begin, const char* end) noexcept {
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view embedded_script() noexcept {
    return between(flotilla_ui_script, flotilla_ui_script_end);
}

std::string_view embedded_style() noexcept {
    return between(flotilla_ui_style, flotilla_ui_style_end);
}

std::string_view why_missing() noexcept {
    return between(flotilla_ui_missing, flotilla_ui_missing_end);
}

std::string_view ui_version() noexcept {
    return FLOTILLA_UI_VERSION;
}

}  // namespace flotilla::openapi
