#pragma once
/// The whole registry as documents, plain and gzipped, made anew only where an application has changed.
///
/// Each application is a piece of its own in the document: an unchanged one is copied from the document
/// before. That holds for gzip too, as each piece is compressed by itself and their check sums are combined;
/// so a registration among 10,000 instances costs the work of one application, and the next reader sees it.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/eureka/codec.hpp"
#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

/// Not thread-safe.
class DocumentCache {
public:
    DocumentCache();
    ~DocumentCache();
    DocumentCache(const DocumentCache&) = delete;
    DocumentCache& operator=(const DocumentCache&) = delete;

    /// The document of that view; the view must not be older than the one before.
    std::shared_ptr<const std::string> text(
        const RegistryView& view, eureka::Format format, eureka::Detail detail
    );
    std::shared_ptr<const std::string> gzip(
        const RegistryView& view, eureka::Format format, eureka::Detail detail
    );

private:
    /// Where an application stands in a document.
    struct Piece {
        std::string name;
        std::uint64_t version = 0;
        std::size_t offset = 0;
        std::size_t size = 0;
        std::uint32_t crc = 0;       ///< of the plain text, for gzip
        std::size_t plain_size = 0;  ///< likewise
    };

    struct Document {
        std::uint64_t version = 0;
        std::vector<Piece> pieces;
        std::shared_ptr<const std::string> text;
    };

    class Builder;
    class TextBuilder;
    class GzipBuilder;
    struct Deflater;

    std::shared_ptr<const std::string> refreshed(
        Document& document, const RegistryView& view, Builder& builder
    );

    std::array<Document, 8> documents_;  ///< by format, detail and coding
    std::unique_ptr<Deflater> deflater_;
};

}  // namespace flotilla::registry
