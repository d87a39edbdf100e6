// SPDX-License-Identifier: Apache-2.0
#include "lab/array.h"

#include "lab/command.h"
#include "lab/held_file.h"
#include "lab/isolation.h"
#include "lab/namespaces.h"
#include "lab/network.h"
#include "lab/paths.h"
#include "lab/processes.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace dyad::lab {

namespace {

constexpr const char* recordName = "array";

std::string folder() { return stateFolder() + "/array"; }
std::string controlSocket() { return folder() + "/tgtd"; }

Result<void> configureTarget() {
    // tgtd takes its first order a few ms after it was started.
    const CommandOptions options{.environment = {"TGT_IPC_SOCKET=" + controlSocket()}};
    const std::vector<std::string> tgtadm{"tgtadm", "-C", "1", "--lld", "iscsi"};
    const auto order = [&](std::vector<std::string> words) -> Result<void> {
        words.insert(words.begin(), tgtadm.begin(), tgtadm.end());
        auto result = runWell(words, options);
        if (!result) return result.error();
        return {};
    };
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (
        !run({"tgtadm", "-C", "1", "--op", "show", "--mode", "system"}, options).value().text.starts_with("System")) {
        if (std::chrono::steady_clock::now() > until)
            return Error{"wait for tgtd", "", "no answer for 10 s", "See array.log"};
        std::this_thread::sleep_for(5ms);
    }
    if (auto made = order({"--op", "new", "--mode", "target", "--tid", "1", "-T", targetName}); !made) return made;
    if (auto made =
            order({"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", imagePath(dataLun)});
        !made)
        return made;
    if (auto made =
            order({"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "2", "-b", folder() + "/held/disk"});
        !made)
        return made;
    return order({"--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"});
}

} // namespace

std::string imagePath(unsigned lun) { return diskFolder() + "/array" + std::to_string(lun) + ".img"; }
std::string heldOrdersPath() { return folder() + "/held.socket"; }
std::string lunUrl(unsigned lun) {
    return std::string("iscsi://") + arrayAddress + ":3260/" + targetName + "/" + std::to_string(lun);
}

Result<void> startArray() {
    if (arrayRuns()) return {};
    std::error_code error;
    std::filesystem::create_directories(folder() + "/held", error);
    return startDetached({"internal", "array"}, diskFolder() + "/array.log", 15s);
}

Result<void> stopArray() {
    const auto record = readRecord(recordName);
    if (!record) return {};
    if (auto killed = killAndWait(*record); !killed) return killed;
    removeRecord(recordName);
    return {};
}

bool arrayRuns() {
    const auto record = readRecord(recordName);
    return record && isAlive(*record);
}

Result<void> setArrayFrozen(bool frozen) {
    const auto record = readRecord(recordName);
    if (!record || !isAlive(*record)) return Error{"freeze", "the array", "it is off", ""};
    for (const pid_t pid : processesBelow(*record))
        if (programNameOf(pid) == "tgtd") kill(pid, frozen ? SIGSTOP : SIGCONT);
    return {};
}

int arrayMain() {
    const auto entered = enterNetwork("array");
    if (!entered) {
        reportReady(entered.error().text());
        return 1;
    }
    const auto first = becomeFirstProcess(recordName, {.ipc = true});
    if (!first) {
        reportReady(first.error().text());
        return 1;
    }
    auto disk = HeldFileServer::serve(imagePath(ledgerLun), folder() + "/held", heldOrdersPath());
    if (!disk) {
        reportReady(disk.error().text());
        return 1;
    }
    const pid_t target = fork();
    if (target == 0) {
        close(readyDescriptor);
        setenv("TGT_IPC_SOCKET", controlSocket().c_str(), 1);
        const std::string portal = std::string("portal=") + arrayAddress + ":3260";
        execlp("tgtd", "tgtd", "-f", "-C", "1", "--iscsi", portal.c_str(), nullptr);
        std::cerr << "tgtd: " << errnoText(errno) << '\n';
        _exit(127);
    }
    const auto configured = configureTarget();
    reportReady(configured ? "" : configured.error().text());
    if (!configured) return 1;
    while (true) {
        const pid_t ended = waitpid(-1, nullptr, 0);
        if (ended == target) break;
        if (ended < 0 && errno != EINTR) break;
    }
    std::cerr << "tgtd has ended\n";
    _exit(1);
}

} // namespace dyad::lab
