#include "flotilla/crypto/secret_bytes.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace flotilla::crypto {

void wipe(void* memory, std::size_t size) noexcept {
    if (size != 0) OPENSSL_cleanse(memory, size);
}

void wipe(std::string& text) noexcept {
    wipe(text.data(), text.size());
    text.clear();
}

SecretBytes::SecretBytes(std::size_t size) : bytes_(std::make_unique<char[]>(size)), size_(size) {}

SecretBytes::SecretBytes(std::string_view bytes) : SecretBytes(bytes.size()) {
    bytes.copy(bytes_.get(), bytes.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
    if (this == &other) return *this;
    wipe(bytes_.get(), size_);
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    return *this;
}

SecretBytes::~SecretBytes() {
    wipe(bytes_.get(), size_);
}

}  // namespace flotilla::crypto
