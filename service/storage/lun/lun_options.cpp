// SPDX-License-Identifier: Apache-2.0
#include "storage/lun/lun_options.h"

#include "platform/linux/file_descriptor.h"
#include "platform/linux/system_error.h"
#include "storage/lun_protocol.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>

namespace dyad::storage {
namespace {

Error wrong(const std::string& option, const std::string& what) { return {"read the command line", option, what, {}}; }

Result<std::uint64_t> number(const std::string& option, const std::string& value, std::uint64_t least,
                             std::uint64_t most) {
    std::uint64_t parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc{} || end != value.data() + value.size() || parsed < least || parsed > most)
        return wrong(option,
                     "'" + value + "' is not a number from " + std::to_string(least) + " to " + std::to_string(most));
    return parsed;
}

Result<std::string> readSecret(const std::string& path) {
    const platform::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return platform::systemError("read the CHAP secret", path, errno);
    struct stat attributes {};
    if (::fstat(file.get(), &attributes) != 0) return platform::systemError("read the CHAP secret", path, errno);
    if ((attributes.st_mode & 077) != 0)
        return Error{"read the CHAP secret", path, "others than its owner may read it", "Run: chmod 0600 " + path};
    std::array<char, 512> bytes{};
    const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
    if (got <= 0) return Error{"read the CHAP secret", path, "it is empty", {}};
    std::string secret(bytes.data(), static_cast<std::size_t>(got));
    secret.resize(std::min(secret.find('\n'), secret.size()));
    if (secret.empty() || secret.size() > 255)
        return Error{"read the CHAP secret", path, "its first line must have 1 to 255 characters", {}};
    return secret;
}

} // namespace

Result<LunOptions> parseLunOptions(const std::vector<std::string>& arguments) {
    LunOptions options;
    options.settingsDigest = lunSettingsDigest(arguments);
    constexpr std::uint64_t longest = 3'600'000; // one hour, in ms
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        const std::string& option = arguments[i];
        if (i + 1 >= arguments.size()) return wrong(option, "its value is missing");
        const std::string& value = arguments[i + 1];
        const auto milliseconds = [&](Duration& into, std::uint64_t least) -> Result<void> {
            const Result<std::uint64_t> parsed = number(option, value, least, longest);
            if (!parsed) return parsed.error();
            into = std::chrono::milliseconds(parsed.value());
            return {};
        };
        Result<void> done;
        if (option == "--name")
            options.name = value;
        else if (option == "--dir")
            options.directory = value;
        else if (option == "--initiator")
            options.session.initiator = value;
        else if (option == "--portal")
            options.session.portal = value;
        else if (option == "--target")
            options.session.target = value;
        else if (option == "--chap-user")
            options.session.chapUser = value;
        else if (option == "--chap-secret-file") {
            Result<std::string> secret = readSecret(value);
            if (!secret) return secret.error();
            options.session.chapSecret = secret.value();
        } else if (option == "--lun" || option == "--isid" || option == "--nop-misses") {
            const std::uint64_t most = option == "--lun" ? 255 : option == "--isid" ? 0xffffff : 1000;
            const Result<std::uint64_t> parsed = number(option, value, option == "--nop-misses" ? 1 : 0, most);
            if (!parsed) return parsed.error();
            if (option == "--lun")
                options.session.lun = static_cast<std::uint16_t>(parsed.value());
            else if (option == "--isid")
                options.session.isidQualifier = static_cast<std::uint32_t>(parsed.value());
            else
                options.session.nopMisses = static_cast<unsigned>(parsed.value());
        } else if (option == "--nop-ms")
            done = milliseconds(options.session.nopInterval, 5);
        else if (option == "--login-ms")
            done = milliseconds(options.session.loginDeadline, 50);
        else if (option == "--io-ms")
            done = milliseconds(options.session.ioDeadline, 100);
        else if (option == "--hold-ms")
            done = milliseconds(options.hold, 0);
        else
            return wrong(option, "there is no such option");
        if (!done) return done.error();
    }
    if (options.directory.empty()) return wrong("--dir", "it is needed");
    if (options.session.initiator.empty()) return wrong("--initiator", "it is needed");
    if (options.session.portal.empty()) return wrong("--portal", "it is needed");
    if (options.session.target.empty()) return wrong("--target", "it is needed");
    return options;
}

} // namespace dyad::storage
