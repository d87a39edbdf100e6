// SPDX-License-Identifier: Apache-2.0
#include "lab/image.h"

#include "lab/array.h"
#include "lab/command.h"
#include "lab/paths.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sys/mount.h>
#include <unistd.h>

namespace dyad::lab {

namespace fs = std::filesystem;

namespace {

// Goes into the names of the prepared images: another layout never meets an old file.
constexpr const char* layoutVersion = "3";
constexpr std::uint64_t dataBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t ledgerBytes = std::uint64_t{128} << 20;
constexpr std::uint64_t spareBytes = std::uint64_t{1} << 20; // at the end of the LUN, outside the filesystem

std::string preparedPath(const std::string& kind) { return cacheFolder() + "/" + kind + "-" + layoutVersion + ".img"; }

Result<void> makeFilesystem(const std::string& file, std::uint64_t bytes, const std::string& label) {
    std::ofstream(file, std::ios::trunc).close();
    std::error_code error;
    fs::resize_file(file, bytes, error);
    if (error) return Error{"make the image", file, error.message(), "Is the disk full?"};
    // A small journal is replayed in 50 ms instead of 250.
    auto made = runWell({"mkfs.ext4", "-q", "-F", "-m", "0", "-L", label, "-J", "size=4", "-E",
                         "nodiscard,lazy_itable_init=0,lazy_journal_init=0", file,
                         std::to_string((bytes - spareBytes) / 1024) + "k"});
    if (!made) return made.error();
    return {};
}

Result<void> makeDatabase(const std::string& folder) {
    const std::vector<std::string> asPostgres{"setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"};
    const auto command = [&](const std::vector<std::string>& words) {
        auto whole = asPostgres;
        whole.insert(whole.end(), words.begin(), words.end());
        return whole;
    };
    const std::string data = folder + "/pgdata";
    auto owned = runWell({"install", "-d", "-o", "postgres", "-g", "postgres", "-m", "0700", data});
    if (!owned) return owned.error();
    auto made = runWell(
        command({std::string(postgresqlBin) + "/initdb", "-D", data, "-A", "trust", "--no-locale", "-E", "UTF8"}));
    if (!made) return made.error();
    std::ofstream(data + "/postgresql.conf", std::ios::app) << "listen_addresses = '0.0.0.0'\n"
                                                               "max_connections = 100\n"
                                                               "shared_buffers = 64MB\n"
                                                               "log_line_prefix = '%m [%p] '\n";
    std::ofstream(data + "/pg_hba.conf", std::ios::app) << "host all all 10.77.0.0/24 trust\n";
    // A unique index would hide a row that was stored twice.
    auto filled = runWell(command({std::string(postgresqlBin) + "/postgres", "--single", "-D", data, "postgres"}),
                          {.input = "create table ledger (id bigint not null, written_us bigint not null)\n"});
    if (!filled) return filled.error();
    if (filled.value().find("ERROR") != std::string::npos) return Error{"make the table", data, filled.value(), ""};
    return {};
}

Result<void> prepare(const std::string& file, const std::string& kind) {
    const bool data = kind == "data";
    if (auto made = makeFilesystem(file, data ? dataBytes : ledgerBytes, kind); !made) return made;
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return Error{"keep mounts private", "", errnoText(errno), ""};
    const std::string folder = file + ".mount";
    std::error_code error;
    fs::create_directories(folder, error);
    if (auto mounted = runWell({"mount", "-o", "loop", file, folder}); !mounted) return mounted.error();
    Result<void> filled;
    if (data) filled = makeDatabase(folder);
    auto unmounted = runWell({"umount", folder});
    fs::remove(folder, error);
    if (!filled) return filled;
    if (!unmounted) return unmounted.error();
    return {};
}

Result<void> ensurePrepared(const std::string& kind) {
    const std::string file = preparedPath(kind);
    std::error_code error;
    if (fs::exists(file, error)) return {};
    fs::create_directories(cacheFolder(), error);
    // Another lab may prepare the same at the same time: each into a file of its own, the last one stays.
    const std::string own = file + "." + std::to_string(getpid());
    auto prepared = runWell({"unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                             programPath("dyad-lab"), "internal", "prepare", own, kind},
                            {.deadline = 120s});
    if (!prepared) {
        fs::remove(own, error);
        return prepared.error();
    }
    fs::rename(own, file, error);
    if (error) return Error{"keep the prepared image", file, error.message(), ""};
    return {};
}

} // namespace

Result<void> layOutImages() {
    const std::pair<const char*, unsigned> wanted[] = {{"data", dataLun}, {"ledger", ledgerLun}};
    for (const auto& [kind, lun] : wanted) {
        if (auto prepared = ensurePrepared(kind); !prepared) return prepared;
        auto copied = runWell({"cp", "--sparse=always", "--reflink=auto", preparedPath(kind), imagePath(lun)});
        if (!copied) return copied.error();
    }
    return {};
}

int prepareMain(const std::string& file, const std::string& kind) {
    const auto prepared = prepare(file, kind);
    if (!prepared) std::cerr << prepared.error().text() << '\n';
    return prepared ? 0 : 1;
}

} // namespace dyad::lab
