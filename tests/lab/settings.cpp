// SPDX-License-Identifier: Apache-2.0
#include "lab/settings.h"

#include "lab/array.h"
#include "lab/command.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/network.h"
#include "lab/paths.h"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dyad::lab {

namespace {

std::string randomHex(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) {
        unsigned char byte = 0;
        while (getrandom(&byte, 1, 0) != 1) {
        }
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", byte);
        text += digits;
    }
    return text;
}

Result<void> writeFile(const std::string& path, const std::string& content, unsigned mode) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    const bool well = file >= 0 && fchmod(file, mode) == 0 &&
                      write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    const int reason = errno;
    if (file >= 0) close(file);
    if (!well) return Error{"write", path, errnoText(reason), ""};
    return {};
}

Result<std::string> sha256Of(const std::string& text) {
    auto output = runWell({"sha256sum"}, {.input = text});
    if (!output) return output.error();
    return output.value().substr(0, 64);
}

} // namespace

std::string configurationText(const PairSettings& settings) {
    std::string text = "[cluster]\n"
                       "name    = \"erp-pair\"\n"
                       "profile = \"" +
                       settings.profile +
                       "\"\n"
                       "\n";
    for (std::size_t host = 0; host < 2; ++host) {
        const std::string number = std::to_string(host + 1);
        text += std::string("[[node]]\nname  = \"") + hostNames[host] + "\"\nlinks = { private = \"10.77.1." + number +
                "\", public = \"10.77.0." + number + "\"";
        if (!settings.serialDevices[host].empty()) text += ", serial = \"" + settings.serialDevices[host] + "\"";
        text += " }\n";
    }
    if (!settings.multicast.empty())
        text += "\n[[link]]\nname = \"private\"\nmulticast = \"" + settings.multicast + "\"\n";
    if (settings.gateways) text += "\n[network]\ngateways = [\"" + std::string(gatewayAddress) + "\"]\n";
    const auto lun = [&](const char* name, unsigned number) {
        text += std::string("\n[[lun]]\nname  = \"") + name + "\"\niscsi = \"" + lunUrl(number) + "\"\n";
    };
    if (!settings.addressOnly) lun("array", dataLun);
    if (settings.ledger) lun("ledger", ledgerLun);
    text += "\n[[group]]\n"
            "name     = \"erp\"\n"
            "prefer   = \"alpha\"\n"
            "failback = \"manual\"\n";
    if (settings.addressOnly) {
        text += "\n[[group.resource]]\n"
                "name    = \"responder\"\n"
                "type    = \"process\"\n"
                "command = [\"" +
                programPath("dyad-lab") + "\", \"internal\", \"responder\"]\n";
    } else {
        text += "\n[[group.resource]]\n"
                "name   = \"data\"\n"
                "type   = \"filesystem\"\n"
                "lun    = \"array\"\n"
                "mount  = \"" +
                std::string(dataMount) +
                "\"\n"
                "fstype = \"ext4\"\n"
                "\n[[group.resource]]\n"
                "name = \"db\"\n"
                "type = \"postgresql\"\n"
                "data = \"" +
                std::string(dataDirectory) + "\"\n";
    }
    text += "\n[[group.resource]]\n"
            "name    = \"ip\"\n"
            "type    = \"address\"\n"
            "address = \"" +
            std::string(floatingAddress) + "/24\"\n";
    if (settings.ledger)
        text += "\n[[group]]\n"
                "name     = \"ledger\"\n"
                "prefer   = \"alpha\"\n"
                "failback = \"manual\"\n"
                "\n[[group.resource]]\n"
                "name   = \"books\"\n"
                "type   = \"filesystem\"\n"
                "lun    = \"ledger\"\n"
                "mount  = \"" +
                std::string(ledgerMount) +
                "\"\n"
                "fstype = \"ext4\"\n";
    if (settings.ledger && settings.appendPauseMs > 0)
        text += "\n[[group.resource]]\n"
                "name    = \"appender\"\n"
                "type    = \"process\"\n"
                "command = [\"" +
                programPath("dyad-lab") + "\", \"internal\", \"append\", \"" + std::to_string(settings.appendPauseMs) +
                "\"]\n";
    if (settings.restartWindowSeconds > 0) {
        const std::string heading = "[[group.resource]]\n";
        const std::string line = "restart_window_s = " + std::to_string(settings.restartWindowSeconds) + "\n";
        for (auto at = text.find(heading); at != std::string::npos; at = text.find(heading, at + 1))
            text.insert(at + heading.size(), line);
    }
    return text;
}

Result<void> writeSettings(const PairSettings& settings) {
    const std::string key = randomHex(32) + "\n";
    const std::string token = randomHex(24);
    auto digest = sha256Of(token);
    if (!digest) return digest.error();
    const std::string tls = diskFolder() + "/tls";
    std::error_code error;
    std::filesystem::create_directories(tls, error);
    auto certificate = runWell({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                "-nodes", "-days", "3650", "-subj", "/CN=erp-pair", "-addext",
                                "subjectAltName=DNS:alpha,DNS:beta,IP:10.77.1.1,IP:10.77.1.2,IP:127.0.0.1", "-keyout",
                                tls + "/key.pem", "-out", tls + "/certificate.pem"});
    if (!certificate) return certificate.error();
    for (const char* host : hostNames) {
        const std::string folder = hostFolder(host) + "/etc/dyad";
        const std::array<Result<void>, 4> written{
            writeFile(folder + "/dyad.toml", configurationText(settings), 0644),
            writeFile(folder + "/cluster.key", key, 0600),
            writeFile(folder + "/tokens", "operator admin " + digest.value() + "\n", 0600),
            writeFile(folder + "/operator.token", token + "\n", 0600),
        };
        for (const auto& one : written)
            if (!one) return one;
        for (const char* name : {"key.pem", "certificate.pem"}) {
            std::filesystem::copy_file(tls + "/" + name, folder + "/tls/" + name,
                                       std::filesystem::copy_options::overwrite_existing, error);
            if (error) return Error{"copy the certificate to", folder, error.message(), ""};
        }
    }
    std::filesystem::remove_all(tls, error);
    return {};
}

} // namespace dyad::lab
