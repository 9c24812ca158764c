#include "flotilla/registry/document_cache.hpp"

#include <zlib.h>

#include <new>
#include <string_view>
#include <utility>

#include "flotilla/base/assert.hpp"

namespace flotilla::registry {

using eureka::Detail;
using eureka::Format;

namespace {

std::size_t index_of(Format format, Detail detail, bool gzip) {
    return static_cast<std::size_t>(format) * 4 + static_cast<std::size_t>(detail) * 2 + (gzip ? 1 : 0);
}

std::uint32_t crc_of(std::string_view text) {
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

void append_little_endian(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

/// Text as stored blocks of deflate, which begin and end at byte boundaries.
void append_stored(std::string& out, std::string_view text) {
    constexpr std::size_t most = 65'535;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, most);
        const auto size = static_cast<std::uint32_t>(part.size());
        out.push_back('\0');
        append_little_endian(out, size, 2);
        append_little_endian(out, ~size, 2);
        out.append(part);
        text.remove_prefix(part.size());
    }
}

}  // namespace

/// Raw deflate, one piece after another; no piece refers to what was before it.
struct DocumentCache::Deflater {
    Deflater() {
        constexpr int level = 4;
        constexpr int raw_window = -15;
        constexpr int memory_level = 8;
        const int status =
            deflateInit2(&stream, level, Z_DEFLATED, raw_window, memory_level, Z_DEFAULT_STRATEGY);
        if (status != Z_OK) throw std::bad_alloc();
    }

    ~Deflater() { deflateEnd(&stream); }

    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    void append(std::string& out, std::string_view text) {
        deflateReset(&stream);
        const std::size_t start = out.size();
        // room for the flush marker as well
        out.resize(start + deflateBound(&stream, static_cast<uLong>(text.size())) + 16);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream.avail_in = static_cast<uInt>(text.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + start);
        stream.avail_out = static_cast<uInt>(out.size() - start);
        const int status = deflate(&stream, Z_SYNC_FLUSH);
        FLT_ASSERT(status == Z_OK && stream.avail_in == 0 && stream.avail_out != 0);
        out.resize(out.size() - stream.avail_out);
    }

    z_stream stream{};
};

/// Writes a document piece by piece.
class DocumentCache::Builder {
public:
    Builder(Format format, Detail detail) : format_(format), detail_(detail) {}

    virtual void begin(std::string& out, const RegistryView& view) {
        frame_ = eureka::applications_frame(1, view.hash_code, format_, detail_);
        literal(out, frame_.head);
    }

    virtual void separate(std::string& out) { literal(out, frame_.separator); }

    /// Sets what it knows of the piece besides its place.
    virtual void encode(std::string& out, const eureka::Application& application, Piece& piece) = 0;
    /// A piece of the document before.
    virtual void copy(std::string& out, std::string_view bytes, const Piece& piece) = 0;

    virtual void end(std::string& out) { literal(out, frame_.tail); }

protected:
    ~Builder() = default;

    virtual void literal(std::string& out, std::string_view text) = 0;

    Format format_;
    Detail detail_;
    eureka::ApplicationsFrame frame_;
};

class DocumentCache::TextBuilder final : public Builder {
public:
    using Builder::Builder;

    void encode(std::string& out, const eureka::Application& application, Piece& /*piece*/) override {
        eureka::append_nested(out, application, format_, detail_);
    }

    void copy(std::string& out, std::string_view bytes, const Piece& /*piece*/) override {
        out.append(bytes);
    }

private:
    void literal(std::string& out, std::string_view text) override { out.append(text); }
};

class DocumentCache::GzipBuilder final : public Builder {
public:
    GzipBuilder(Format format, Detail detail, Deflater& deflater)
        : Builder(format, detail), deflater_(deflater) {}

    void begin(std::string& out, const RegistryView& view) override {
        out.append("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
        Builder::begin(out, view);
    }

    void encode(std::string& out, const eureka::Application& application, Piece& piece) override {
        plain_.clear();
        eureka::append_nested(plain_, application, format_, detail_);
        piece.crc = crc_of(plain_);
        piece.plain_size = plain_.size();
        deflater_.append(out, plain_);
        add(piece.crc, piece.plain_size);
    }

    void copy(std::string& out, std::string_view bytes, const Piece& piece) override {
        out.append(bytes);
        add(piece.crc, piece.plain_size);
    }

    void end(std::string& out) override {
        Builder::end(out);
        out.append("\x03\x00", 2);  // an empty last block
        append_little_endian(out, crc_, 4);
        append_little_endian(out, static_cast<std::uint32_t>(size_), 4);
    }

private:
    void literal(std::string& out, std::string_view text) override {
        append_stored(out, text);
        add(crc_of(text), text.size());
    }

    void add(std::uint32_t crc, std::size_t size) {
        crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, crc, static_cast<z_off_t>(size)));
        size_ += size;
    }

    Deflater& deflater_;
    std::string plain_;
    std::uint32_t crc_ = 0;
    std::size_t size_ = 0;
};

DocumentCache::DocumentCache() = default;
DocumentCache::~DocumentCache() = default;

std::shared_ptr<const std::string> DocumentCache::refreshed(
    Document& document, const RegistryView& view, Builder& builder
) {
    if (document.text && document.version == view.version) return document.text;
    std::string out;
    if (document.text) out.reserve(document.text->size() + document.text->size() / 16);
    std::vector<Piece> pieces;
    pieces.reserve(view.applications.size());
    builder.begin(out, view);
    auto before = document.pieces.begin();
    for (const ApplicationView& current : view.applications) {
        if (!pieces.empty()) builder.separate(out);
        const std::string& name = current.application->name;
        while (before != document.pieces.end() && before->name < name) ++before;
        const bool same =
            before != document.pieces.end() && before->name == name && before->version == current.version;
        Piece piece = same ? *before : Piece{.name = name, .version = current.version};
        const std::size_t offset = out.size();
        if (same) {
            builder.copy(out, std::string_view(*document.text).substr(before->offset, before->size), piece);
        } else {
            builder.encode(out, *current.application, piece);
        }
        piece.offset = offset;
        piece.size = out.size() - offset;
        pieces.push_back(std::move(piece));
    }
    builder.end(out);
    document.pieces = std::move(pieces);
    document.version = view.version;
    document.text = std::make_shared<const std::string>(std::move(out));
    return document.text;
}

std::shared_ptr<const std::string> DocumentCache::text(
    const RegistryView& view, Format format, Detail detail
) {
    TextBuilder builder(format, detail);
    return refreshed(documents_[index_of(format, detail, false)], view, builder);
}

std::shared_ptr<const std::string> DocumentCache::gzip(
    const RegistryView& view, Format format, Detail detail
) {
    if (!deflater_) deflater_ = std::make_unique<Deflater>();
    GzipBuilder builder(format, detail, *deflater_);
    return refreshed(documents_[index_of(format, detail, true)], view, builder);
}

}  // namespace flotilla::registry
