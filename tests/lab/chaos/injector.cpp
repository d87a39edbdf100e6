// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/injector.h"

#include "lab/array.h"
#include "lab/chaos/host_disk.h"
#include "lab/chaos/whereabouts.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/pair.h"
#include "lab/settings.h"

#include <algorithm>
#include <csignal>

namespace dyad::lab {

namespace {

constexpr Duration shutdownPatience = 90s;
constexpr Duration fillPatience = 20s;
constexpr Duration emptyPatience = 3s;

const char* mountOf(const std::string& lun) { return lun == "ledger" ? ledgerMount : dataMount; }

const char* programOf(FaultKind kind) {
    switch (kind) {
    case FaultKind::KillService: return "dyadd";
    case FaultKind::KillHeart: return "dyad-heart";
    case FaultKind::KillLun: return "dyad-lun";
    default: return "postgres";
    }
}

} // namespace

std::string Injector::resolve(const std::string& host) const {
    if (host == "alpha" || host == "beta") return host;
    if (host != ownerHost && host != standbyHost) return "";
    const std::string owner = ownerByAddress().value_or(m_lastOwner);
    return host == ownerHost ? owner : otherHost(owner);
}

Result<ActiveFault> Injector::begin(const PlannedFault& planned) {
    ActiveFault fault{planned, resolve(planned.host), monotonicNow(), Instant(), ""};
    Result<void> done;
    switch (planned.kind) {
    case FaultKind::PowerOff: done = switchOff(fault.host, false); break;
    case FaultKind::Shutdown: done = switchOff(fault.host, true); break;
    case FaultKind::PowerOffBoth:
        done = switchOff("alpha", false);
        if (done) done = switchOff("beta", false);
        break;
    case FaultKind::Freeze:
        ++frozen(fault.host);
        if (!setFrozen(fault.host, true)) fault.remark = "the host is off";
        break;
    case FaultKind::LinksCut:
    case FaultKind::LinkCut:
    case FaultKind::OneWay:
    case FaultKind::Loss:
    case FaultKind::Delay:
    case FaultKind::PublicPulled:
    case FaultKind::StoragePulled: done = beginNetwork(fault); break;
    case FaultKind::ArrayStop:
        ++m_arrayOff;
        done = stopArray();
        break;
    case FaultKind::ArraySlow:
        ++m_arraySlow;
        if (!setArrayFrozen(true)) fault.remark = "the array is off";
        break;
    case FaultKind::KillService:
    case FaultKind::KillHeart:
    case FaultKind::KillLun:
    case FaultKind::KillDatabase: done = killPrograms(fault); break;
    case FaultKind::HostDiskFull: done = fillHostDisk(fault.host); break;
    case FaultKind::LunFull: fillLun(fault); break;
    case FaultKind::ClockJump: done = setWallClockOffset(fault.host, std::chrono::seconds(planned.amount)); break;
    case FaultKind::Switchover: m_orders.give(fault.host, {"switchover", "--no-wait", planned.link}); break;
    case FaultKind::Switchback: m_orders.give(fault.host, {"switchback", "--no-wait", planned.link}); break;
    case FaultKind::ClearFailure: m_orders.give(fault.host, {"clear-failure", planned.link}); break;
    case FaultKind::Maintenance: m_orders.give(fault.host, {"maintenance", fault.host, "on"}); break;
    }
    if (!done) return done.error();
    return fault;
}

Result<void> Injector::end(ActiveFault& fault) {
    switch (fault.planned.kind) {
    case FaultKind::Shutdown:
        if (isOn(fault.host) && isFrozen(fault.host)) fault.remark = "it stood still and was cut off";
        [[fallthrough]];
    case FaultKind::PowerOff: return switchOn(fault.host);
    case FaultKind::PowerOffBoth:
        for (const char* host : hostNames)
            if (auto on = switchOn(host); !on) return on;
        return {};
    case FaultKind::Freeze:
        if (--frozen(fault.host) == 0) [[maybe_unused]]
            const auto ignored = setFrozen(fault.host, false); // it may be off by now
        return {};
    case FaultKind::LinksCut:
    case FaultKind::LinkCut:
    case FaultKind::OneWay:
    case FaultKind::Loss:
    case FaultKind::Delay:
    case FaultKind::PublicPulled:
    case FaultKind::StoragePulled: {
        const auto found = std::find_if(m_network.begin(), m_network.end(),
                                        [&](const NetworkFault& each) { return each.began == fault.began; });
        if (found == m_network.end()) return {};
        const auto pulled = found->pulled;
        m_network.erase(found);
        if (auto plugged = setCables(pulled, true); !plugged && isOn(fault.host)) return plugged;
        return reapply();
    }
    case FaultKind::ArrayStop: return --m_arrayOff == 0 ? startArray() : Result<void>();
    case FaultKind::ArraySlow:
        if (--m_arraySlow == 0) [[maybe_unused]]
            const auto ignored = setArrayFrozen(false);
        return {};
    case FaultKind::HostDiskFull: return emptyHostDisk(fault.host);
    case FaultKind::LunFull: m_toEmpty.insert(mountOf(fault.planned.link)); return {};
    case FaultKind::ClockJump: return setWallClockOffset(fault.host, Duration(0));
    case FaultKind::Maintenance: m_orders.give(fault.host, {"maintenance", fault.host, "off"}); return {};
    case FaultKind::KillService:
    case FaultKind::KillHeart:
    case FaultKind::KillLun:
    case FaultKind::KillDatabase:
    case FaultKind::Switchover:
    case FaultKind::Switchback:
    case FaultKind::ClearFailure: return {};
    }
    return {};
}

Result<void> Injector::switchOff(const std::string& host, bool inOrder) {
    if (m_off[host]++ > 0) return {};
    if (inOrder) {
        // Whoever switches it on again waits until it is down.
        if (const auto first = firstProcess(host)) kill(first->pid, SIGTERM);
        return {};
    }
    const auto off = powerOff(host);
    if (!off) return off.error();
    return {};
}

Result<void> Injector::switchOn(const std::string& host) {
    if (--m_off[host] > 0) return {};
    if (isOn(host)) {
        // Who waits for a host to go down that stands still waits in vain, and cuts it off.
        if (isFrozen(host)) {
            if (const auto off = powerOff(host); !off) return off.error();
        } else if (auto down = shutDown(host, shutdownPatience); !down) {
            return down;
        }
    }
    if (auto on = powerOn(host); !on) return on;
    return reapply();
}

Result<void> Injector::beginNetwork(const ActiveFault& active) {
    NetworkFault fault{.began = active.began, .rules = {}, .pulled = {}, .relays = {}};
    const PlannedFault& planned = active.planned;
    const auto port = [](const std::string& host, const std::string& link) { return portName(host, link); };
    std::vector<std::string> links;
    if (planned.kind == FaultKind::LinksCut || planned.link == allLinks)
        links = {privateLink, publicLink};
    else
        links = {planned.link};

    std::vector<std::pair<std::string, std::string>> ends; // of what is disturbed, both ways
    for (const auto& link : links) {
        if (link == storageLink) {
            const std::string host = active.host.empty() ? m_lastOwner : active.host;
            ends.emplace_back(port(host, link), port("array", link));
        } else {
            ends.emplace_back(port("alpha", link), port("beta", link));
        }
    }
    const unsigned loss = planned.kind == FaultKind::Loss ? static_cast<unsigned>(planned.amount) : 100;
    switch (planned.kind) {
    case FaultKind::OneWay:
        for (const auto& link : links)
            fault.rules.push_back({port(active.host, link), port(otherHost(active.host), link)});
        break;
    case FaultKind::PublicPulled: fault.pulled.push_back(port(active.host, publicLink)); break;
    case FaultKind::StoragePulled: fault.pulled.push_back(port(active.host, storageLink)); break;
    default:
        for (const auto& [one, other] : ends) {
            fault.rules.push_back({one, other, loss});
            fault.rules.push_back({other, one, loss});
        }
    }
    if (planned.kind == FaultKind::Delay)
        for (const auto& [one, other] : ends) {
            auto relay = DelayRelay::between(one, other, std::chrono::milliseconds(planned.amount));
            // Without the host there is no cable to slow down.
            if (!relay && isOn("alpha") && isOn("beta")) return relay.error();
            if (relay) fault.relays.push_back(std::move(relay).value());
        }
    m_network.push_back(std::move(fault));
    return reapply();
}

Result<void> Injector::reapply() {
    std::vector<Interference> rules;
    for (const auto& fault : m_network)
        rules.insert(rules.end(), fault.rules.begin(), fault.rules.end());
    if (auto applied = replaceInterference(rules); !applied) return applied;
    for (const auto& fault : m_network)
        [[maybe_unused]] const auto ignored = setCables(fault.pulled, false); // a host that is off has no cables
    return {};
}

Result<void> Injector::killPrograms(ActiveFault& fault) {
    auto found = findInHost(fault.host, programOf(fault.planned.kind));
    std::sort(found.begin(), found.end());
    if (found.empty()) {
        fault.remark = "it does not run";
        return {};
    }
    if (fault.planned.kind == FaultKind::KillDatabase) found.resize(1); // the first one started the others
    const auto which = static_cast<std::size_t>(std::max(fault.planned.amount, 0L));
    if (fault.planned.kind == FaultKind::KillLun && which > 0 && which <= found.size()) found = {found[which - 1]};
    for (const pid_t pid : found)
        kill(pid, SIGKILL);
    return {};
}

void Injector::fillLun(ActiveFault& fault) {
    const std::string mount = mountOf(fault.planned.link);
    const auto hosts = hostsWithMount(mount);
    if (hosts.empty()) {
        fault.remark = "it is mounted nowhere";
        return;
    }
    fault.host = hosts.front();
    // The bulk of it at once, the last blocks by writing.
    const std::string script = "cd " + mount +
                               " && fallocate -l $(($(stat -f -c '%a * %S' .) - 1048576)) filled; "
                               "dd if=/dev/zero of=filled.end bs=4096 status=none; true";
    m_orders.runProgram(fault.host, {"sh", "-c", script}, fillPatience);
}

bool Injector::repair() {
    for (auto mount = m_toEmpty.begin(); mount != m_toEmpty.end();) {
        bool emptied = false;
        for (const auto& host : hostsWithMount(*mount)) {
            const auto output =
                runInHost(host, {"sh", "-c", "cd " + *mount + " && rm -f filled filled.end && sync -f ."},
                          {.deadline = emptyPatience});
            emptied = emptied || (output && output.value().exitStatus == 0);
        }
        mount = emptied ? m_toEmpty.erase(mount) : std::next(mount);
    }
    return m_toEmpty.empty();
}

Result<void> Injector::healAll() {
    m_network.clear();
    m_off.clear();
    for (auto& count : m_frozen)
        count = 0;
    m_arrayOff = m_arraySlow = 0;
    for (const char* host : hostNames)
        [[maybe_unused]] const auto thawed = setFrozen(host, false);
    if (auto healed = healNetwork(); !healed) return healed;
    [[maybe_unused]] const auto thawed = setArrayFrozen(false);
    if (auto started = startArray(); !started) return started;
    for (const char* host : hostNames) {
        if (auto emptied = emptyHostDisk(host); !emptied) return emptied;
        if (auto on = powerOn(host); !on) return on;
    }
    return {};
}

} // namespace dyad::lab
