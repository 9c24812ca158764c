#include "../src/certificate_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace flotilla::service {
namespace {

TEST(CertificateFiles, AChangedFileIsSeen) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("certificate-files-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const auto write = [](const std::filesystem::path& file, std::string_view text) {
        std::ofstream(file) << text;
    };
    runtime::TlsConfig config;
    config.certificate = (folder / "a.pem").string() + ", " + (folder / "b.pem").string();
    config.certificate_private_key = folder / "a.key";
    write(folder / "a.pem", "one");
    write(folder / "b.pem", "two");
    const FilePrint first = print_of(config);
    EXPECT_EQ(first, print_of(config));
    write(folder / "b.pem", "another");
    const FilePrint second = print_of(config);
    EXPECT_NE(first, second);
    write(config.certificate_private_key, "key");  // which was not there
    EXPECT_NE(second, print_of(config));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace flotilla::service
