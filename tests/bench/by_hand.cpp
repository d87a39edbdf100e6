// SPDX-License-Identifier: Apache-2.0
#include "bench/by_hand.h"

#include "bench/floating_address.h"
#include "bench/lun_control.h"
#include "lab/array.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/network.h"
#include "lab/paths.h"

#include <csignal>
#include <filesystem>
#include <map>
#include <thread>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr const char* lunFolder = "/run/dyad/lun/array";
constexpr const char* exportedFile = "/run/dyad/lun/array/export/lun";
constexpr Duration handPatience = 30s;
constexpr unsigned announcements = 15;
constexpr Duration announcementPause = 100ms;

Result<void> inHost(const std::string& host, const std::vector<std::string>& command) {
    auto output = runInHost(host, command);
    if (!output) return output.error();
    if (output.value().exitStatus != 0) return Error{"run " + command.front(), "on " + host, output.value().text, ""};
    return {};
}

// Detached at once: the loop device goes with the mount.
const std::string mountDisk = std::string("device=$(losetup --find --show --direct-io=on ") + exportedFile +
                              ") && mount -t ext4 $device " + dataMount + " && losetup --detach $device";

// What the preset "postgresql" starts, setting for setting (agents/postgresql_agent.cpp).
const std::string startDatabase =
    std::string("rm -f ") + dataDirectory +
    "/postmaster.pid; exec setsid setpriv --reuid postgres --regid postgres --init-groups " + postgresqlBin +
    "/postgres -D " + dataDirectory +
    " -c recovery_init_sync_method=syncfs -c 'listen_addresses=*' -c port=5432 -c "
    "unix_socket_directories=/run/postgresql"
    " -c log_startup_progress_interval=250ms > /var/log/database.log 2>&1 < /dev/null";

} // namespace

struct ByHand::State {
    std::map<std::string, LunControl> luns;
    std::thread announcer; // announces the address again: a client may not listen to the first announcement
    std::map<std::string, std::thread> databases; // each waits for nsenter, which waits for the database
    std::uint32_t epoch = 0;
};

ByHand::ByHand() : m_state(std::make_unique<State>()) {}
ByHand::~ByHand() {
    if (m_state->announcer.joinable()) m_state->announcer.join();
    for (auto& [host, thread] : m_state->databases) {
        // Only a host that is off lets go of a database that was not stopped.
        [[maybe_unused]] const auto off = powerOff(host);
        if (thread.joinable()) thread.join();
    }
}

Result<void> ByHand::prepare(const std::string& host) {
    const std::string command = "mkdir -p " + std::string(lunFolder) + "; exec setsid " + programPath("dyad-lun") +
                                " --name array --dir " + lunFolder + " --initiator iqn.2026-11.example:" + host +
                                " --portal " + arrayAddress + ":3260 --target " + targetName + " --lun " +
                                std::to_string(dataLun) + " --isid " + (host == "alpha" ? "1" : "2") +
                                " > /var/log/lun.log 2>&1 < /dev/null &";
    if (auto started = inHost(host, {"sh", "-c", command}); !started) return started;
    const auto first = firstProcess(host);
    if (!first) return Error{"prepare", host, "the host is off", ""};
    auto control =
        LunControl::connect("/proc/" + std::to_string(first->pid) + "/root" + lunFolder + "/control", handPatience);
    if (!control) return control.error();
    m_state->luns.insert_or_assign(host, std::move(control.value()));
    return {};
}

void ByHand::forget(const std::string& host) { m_state->luns.erase(host); }

Result<void> ByHand::start(const std::string& host) {
    if (auto claimed = m_state->luns.at(host).claim(host == "alpha" ? model::NodeId::First : model::NodeId::Second,
                                                    ++m_state->epoch);
        !claimed)
        return claimed;
    if (auto raised = raiseAddress(host); !raised) return raised;
    if (m_state->announcer.joinable()) m_state->announcer.join();
    m_state->announcer = std::thread([host] {
        for (unsigned i = 0; i < announcements; ++i) {
            std::this_thread::sleep_for(announcementPause);
            announceAddress(host);
        }
    });
    if (auto mounted = inHost(host, {"sh", "-c", mountDisk}); !mounted) return mounted;
    auto& database = m_state->databases[host];
    if (database.joinable()) database.join();
    const auto command = insideHost(host, {"sh", "-c", startDatabase});
    if (!command) return command.error();
    database =
        std::thread([words = command.value()] { [[maybe_unused]] const auto ended = run(words, {.deadline = 24h}); });
    return {};
}

Result<void> ByHand::stop(const std::string& host) {
    lowerAddress(host);
    // SIGINT is PostgreSQL's fast shutdown. The first process that bears the name is the one that the others obey.
    const std::string interrupt = "kill -INT $(head -n 1 " + std::string(dataDirectory) + "/postmaster.pid)";
    if (auto told = inHost(host, {"sh", "-c", interrupt}); !told) return told;
    auto& database = m_state->databases[host];
    if (database.joinable()) database.join();
    if (auto unmounted = inHost(host, {"umount", dataMount}); !unmounted) return unmounted;
    return m_state->luns.at(host).release();
}

} // namespace dyad::bench
