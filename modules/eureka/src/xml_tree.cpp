#include "xml_tree.hpp"

#include <expat.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>

#include "xml_names.hpp"

namespace flotilla::eureka::detail {

namespace {

struct ParserFree {
    void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};

/// Builds the tree out of expat's events. Nothing here throws through expat but bad_alloc, so events after a
/// refusal are cut off by `XML_StopParser`.
class TreeBuilder {
public:
    explicit TreeBuilder(const reflect::Limits& limits)
        : limits_(limits), parser_(XML_ParserCreate("UTF-8")) {
        if (!parser_) throw std::bad_alloc();
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), &TreeBuilder::on_start, &TreeBuilder::on_end);
        XML_SetCharacterDataHandler(parser_.get(), &TreeBuilder::on_text);
        XML_SetStartDoctypeDeclHandler(parser_.get(), &TreeBuilder::on_doctype);
    }

    Result<XmlElement> parse(std::string_view text) {
        if (text.size() > limits_.bytes || text.size() > INT_MAX)
            return fail(Errc::limit_exceeded, "too long");
        const auto status = XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
        if (refusal_) return fail(std::move(*refusal_));
        if (status != XML_STATUS_OK) {
            std::string where = "line " + std::to_string(XML_GetCurrentLineNumber(parser_.get())) + ": ";
            return fail(Errc::malformed, where + XML_ErrorString(XML_GetErrorCode(parser_.get())));
        }
        return std::move(root_);
    }

private:
    static void XMLCALL on_start(void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<TreeBuilder*>(self)->start(name, attributes);
    }

    static void XMLCALL on_end(void* self, const XML_Char* /*name*/) {
        // A parser that was stopped at an empty element still tells of its end.
        auto& builder = *static_cast<TreeBuilder*>(self);
        if (!builder.refusal_) builder.open_.pop_back();
    }

    static void XMLCALL on_text(void* self, const XML_Char* text, int length) {
        auto& open = static_cast<TreeBuilder*>(self)->open_;
        if (!open.empty()) open.back()->text.append(text, static_cast<std::size_t>(length));
    }

    static void XMLCALL on_doctype(
        void* self,
        const XML_Char* /*name*/,
        const XML_Char* /*system*/,
        const XML_Char* /*public*/,
        int /*subset*/
    ) {
        static_cast<TreeBuilder*>(self)->refuse(Errc::malformed, "a DOCTYPE is not accepted");
    }

    void start(const XML_Char* name, const XML_Char** attributes) {
        if (refusal_) return;
        if (open_.size() >= limits_.depth) return refuse(Errc::limit_exceeded, "too deep");
        if (++elements_ > limits_.elements) return refuse(Errc::limit_exceeded, "too many elements");
        XmlElement& element = open_.empty() ? root_ : open_.back()->children.emplace_back();
        element.name = read_xml_name(name);
        for (; *attributes != nullptr; attributes += 2) {
            if (++elements_ > limits_.elements) return refuse(Errc::limit_exceeded, "too many attributes");
            element.attributes.emplace_back(attributes[0], attributes[1]);
        }
        // A parent's children move only while none of them is open.
        open_.push_back(&element);
    }

    void refuse(Errc code, std::string_view why) {
        if (!refusal_) refusal_.emplace(code, std::string(why));
        XML_StopParser(parser_.get(), XML_FALSE);
    }

    reflect::Limits limits_;
    std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree> parser_;
    XmlElement root_;
    std::vector<XmlElement*> open_;
    std::size_t elements_ = 0;
    std::optional<Error> refusal_;
};

}  // namespace

const std::string* XmlElement::attribute(std::string_view wanted) const noexcept {
    for (const auto& [key, value] : attributes)
        if (key == wanted) return &value;
    return nullptr;
}

const XmlElement* XmlElement::child(std::string_view wanted) const noexcept {
    const auto found = std::ranges::find(children, wanted, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

Result<XmlElement> parse_xml(std::string_view text, const reflect::Limits& limits) {
    return TreeBuilder(limits).parse(text);
}

}  // namespace flotilla::eureka::detail
