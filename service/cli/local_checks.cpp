// SPDX-License-Identifier: Apache-2.0
#include "cli/local_checks.h"

#include "control/client/pinned_network.h"

#include <QDateTime>

#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace dyad::cli {

LocalFacts localFacts(const Arguments& arguments, const std::string& stateFolder) {
    LocalFacts facts;
    const std::string folder = std::filesystem::path(arguments.configuration).parent_path().string();
    const std::string tls = std::filesystem::path(arguments.certificate).parent_path().string();
    const auto look = [&](const std::string& path, const char* what, unsigned wanted) {
        LocalFile file{path, what, wanted};
        struct stat status {};
        file.there = ::stat(path.c_str(), &status) == 0;
        file.mode = status.st_mode & 07777U;
        file.owner = status.st_uid;
        facts.files.push_back(std::move(file));
    };
    look(folder + "/cluster.key", "the cluster key", 0600);
    look(folder + "/tokens", "the tokens file", 0640);
    look(tls + "/key.pem", "the certificate's key", 0600);
    look(arguments.tokenFile, "the token of this command", 0600);

    const Result<QSslCertificate> certificate = control::loadPin(arguments.certificate);
    if (certificate)
        facts.certificateDays =
            static_cast<int>(QDateTime::currentDateTimeUtc().daysTo(certificate.value().expiryDate()));
    else
        facts.certificateTrouble = certificate.error().text();
    facts.stateFolder = stateFolder;
    struct statvfs space {};
    if (::statvfs(stateFolder.c_str(), &space) == 0) {
        facts.freeBytes = std::uint64_t{space.f_bavail} * space.f_frsize;
        facts.totalBytes = std::uint64_t{space.f_blocks} * space.f_frsize;
    }
    struct stat watchdog {};
    facts.watchdog = ::stat("/dev/watchdog", &watchdog) == 0;
    return facts;
}

} // namespace dyad::cli
