#include "flotilla/eureka/codec.hpp"

#include "json_reader.hpp"
#include "json_writer.hpp"
#include "xml_reader.hpp"
#include "xml_writer.hpp"

namespace flotilla::eureka {

namespace {

void trim_line_end(std::string& text) {
    if (text.ends_with('\n')) text.pop_back();
}

ApplicationsFrame json_frame(std::string_view version, std::string_view hash_code, Detail detail) {
    std::string header = R"("versions__delta":")";
    header += version;
    header += R"(","apps__hashcode":")";
    header += hash_code;
    header += '"';
    if (detail == Detail::full) return {R"({"applications":{)" + header + R"(,"application":[)", ",", "]}}"};
    return {R"({"applications":{"application":[)", ",", "]," + header + "}}"};
}

ApplicationsFrame xml_frame(std::string_view version, std::string_view hash_code, Detail detail) {
    std::string header;
    detail::append_xml_element(header, "versions__delta", version, detail, 1);
    detail::append_xml_element(header, "apps__hashcode", hash_code, detail, 1);
    if (detail == Detail::full) return {"<applications>\n" + header, "", "</applications>"};
    return {"<applications>", "", header + "</applications>"};
}

}  // namespace

std::string_view content_type(Format format) noexcept {
    return format == Format::json ? "application/json" : "application/xml";
}

std::string encode(const InstanceInfo& instance, Format format, Detail detail) {
    std::string out;
    if (format == Format::json) {
        out += R"({"instance":)";
        detail::append_json(out, instance, detail);
        out += '}';
    } else {
        detail::append_xml(out, instance, detail, 0);
        trim_line_end(out);
    }
    return out;
}

std::string encode(const Application& application, Format format, Detail detail) {
    std::string out;
    if (format == Format::json) {
        out += R"({"application":)";
        detail::append_json(out, application, detail);
        out += '}';
    } else {
        detail::append_xml(out, application, detail, 0);
        trim_line_end(out);
    }
    return out;
}

std::string encode(const Applications& applications, Format format, Detail detail) {
    const auto frame = applications_frame(applications.version, applications.hash_code, format, detail);
    std::string out = frame.head;
    bool first = true;
    for (const auto& [name, application] : applications.by_name) {
        if (!first) out += frame.separator;
        first = false;
        append_nested(out, application, format, detail);
    }
    out += frame.tail;
    return out;
}

ApplicationsFrame applications_frame(
    std::int64_t version, std::string_view hash_code, Format format, Detail detail
) {
    const std::string number = std::to_string(version);
    return format == Format::json ? json_frame(number, hash_code, detail)
                                  : xml_frame(number, hash_code, detail);
}

void append_nested(std::string& out, const Application& application, Format format, Detail detail) {
    if (format == Format::json) {
        detail::append_json(out, application, detail);
    } else {
        detail::append_xml(out, application, detail, 1);
    }
}

void append_bare_json(std::string& out, const InstanceInfo& instance) {
    detail::append_json(out, instance, Detail::full);
}

Result<InstanceInfo> decode_instance(std::string_view text, Format format, const reflect::Limits& limits) {
    return format == Format::json ? detail::instance_from_json(text, limits)
                                  : detail::instance_from_xml(text, limits);
}

Result<Application> decode_application(std::string_view text, Format format, const reflect::Limits& limits) {
    return format == Format::json ? detail::application_from_json(text, limits)
                                  : detail::application_from_xml(text, limits);
}

Result<Applications> decode_applications(
    std::string_view text, Format format, const reflect::Limits& limits
) {
    return format == Format::json ? detail::applications_from_json(text, limits)
                                  : detail::applications_from_xml(text, limits);
}

std::string latin1_to_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out.push_back(c);
        } else {
            out.push_back(static_cast<char>(0xC0 | (byte >> 6)));
            out.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
        }
    }
    return out;
}

}  // namespace flotilla::eureka
