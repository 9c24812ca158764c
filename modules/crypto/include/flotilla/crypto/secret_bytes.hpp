#pragma once
/// Key material in memory: wiped when it goes, never printed.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace flotilla::crypto {

/// Overwrites memory in a way that no compiler leaves out.
void wipe(void* memory, std::size_t size) noexcept;
void wipe(std::string& text) noexcept;

/// A fixed number of bytes that are wiped on destruction. Copies are explicit.
class SecretBytes {
public:
    SecretBytes() noexcept = default;
    /// So many zero bytes, to be filled.
    explicit SecretBytes(std::size_t size);
    explicit SecretBytes(std::string_view bytes);
    SecretBytes(SecretBytes&& other) noexcept;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    [[nodiscard]] SecretBytes copy() const { return SecretBytes(view()); }

    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

    [[nodiscard]] char* data() noexcept { return bytes_.get(); }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

}  // namespace flotilla::crypto
