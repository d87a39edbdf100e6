// SPDX-License-Identifier: Apache-2.0
#include "network/alias/alias_agent.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

#include "network/alias/dns_way.h"
#include "network/alias/hosts_way.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::network {

using model::ResourceOutcome;

namespace {

// 10.77.0.100<TAB>erp.example.com erp
HostsBlock hostsBlockOf(const std::string& label, const std::string& host, const std::vector<IpAddress>& addresses) {
    HostsBlock block{label, {}};
    const std::size_t dot = host.find('.');
    for (const IpAddress& each : addresses)
        block.lines.push_back(each.text() + "\t" + host + (dot == std::string::npos ? "" : " " + host.substr(0, dot)));
    return block;
}

} // namespace

// A way with its timer: for the next attempt after a failure, for the next look after a success.
struct AliasAgent::Kept {
    std::unique_ptr<AliasWay> way;
    bool staysWhenStopped = false; // kept for as long as the service lives
    bool there = false;
    bool told = false; // that it is not
    Duration pause{};
    QTimer timer;
};

AliasAgent::AliasAgent(Setup setup, ports::AlarmPort& alarms) : m_setup(std::move(setup)), m_alarms(alarms) {
    const model::AliasSettings& settings = m_setup.settings;
    const auto add = [&](std::unique_ptr<AliasWay> way, bool stays) {
        auto kept = std::make_unique<Kept>();
        kept->way = std::move(way);
        kept->staysWhenStopped = stays;
        kept->pause = m_setup.timing.firstPause;
        kept->timer.setSingleShot(true);
        QObject::connect(&kept->timer, &QTimer::timeout, &kept->timer,
                         [this, at = kept.get()] { attempt(*at, false); });
        kept->way->onLost = [this, at = kept.get()](const Error& error) { trouble(*at, error); };
        m_ways.push_back(std::move(kept));
    };
    if (settings.dns)
        add(std::make_unique<DnsWay>(settings.host, *settings.dns, m_setup.addresses, m_setup.timing.dnsPatience),
            false);
    if (!settings.mdnsName.empty())
        add(std::make_unique<MdnsWay>(settings.mdnsName, m_setup.addresses, m_setup.label, m_setup.places.avahi),
            false);
    if (!settings.netbiosName.empty())
        add(std::make_unique<NetbiosWay>(settings.netbiosName, m_setup.addresses, m_setup.label,
                                         m_setup.places.netbiosFolder, m_setup.places.samba),
            false);
    if (settings.hosts)
        add(std::make_unique<HostsWay>(m_setup.places.hostsFile,
                                       hostsBlockOf(m_setup.label, settings.host, m_setup.addresses)),
            true);
}

AliasAgent::~AliasAgent() = default;

void AliasAgent::start(bool /*takeover*/, ports::AgentDone done) {
    if (m_startDone) std::exchange(m_startDone, nullptr)({ResourceOutcome::Failed, "overtaken by another start"});
    if (!m_running) {
        m_running = true;
        note(true);
        begin(true);
    }
    if (m_setup.settings.required) {
        m_startDone = std::move(done);
        return answerWhenThere();
    }
    done({ResourceOutcome::Running, m_setup.settings.host + " is being set"});
}

void AliasAgent::begin(bool claim) {
    for (const auto& kept : m_ways) {
        kept->there = false;
        kept->pause = m_setup.timing.firstPause;
        attempt(*kept, claim);
    }
}

void AliasAgent::attempt(Kept& kept, bool claim) {
    kept.timer.stop();
    kept.way->attempt(claim, [this, &kept](const Result<std::string>& result) { ended(kept, result); });
}

void AliasAgent::ended(Kept& kept, const Result<std::string>& result) {
    if (!result) return trouble(kept, result.error());
    const bool news = !std::exchange(kept.there, true);
    kept.pause = m_setup.timing.firstPause;
    if (m_setup.settings.refresh > Duration::zero()) kept.timer.start(wholeMilliseconds(m_setup.settings.refresh));
    m_alarms.clear(alarmOf(kept));
    // A start that went well, and a repair, are worth a line; that all is as it was is not.
    if (news || result.value().find("put right") != std::string::npos)
        notice(std::string(kept.way->word()) + ": " + result.value());
    kept.told = false;
    answerWhenThere();
}

void AliasAgent::trouble(Kept& kept, Error error) {
    kept.there = false;
    kept.timer.start(wholeMilliseconds(kept.pause));
    kept.pause = std::min(kept.pause * 2, m_setup.timing.longestPause);
    const std::string remedy = std::exchange(error.remedy, {});
    m_alarms.raise({.id = alarmOf(kept),
                    .severity = model::Severity::Warning,
                    .text = "alias " + m_setup.label + ": " + error.text() + "; it is tried again and again",
                    .remedy = remedy,
                    .since = {},
                    .sinceWallClockMs = 0});
    if (!std::exchange(kept.told, true)) notice(std::string(kept.way->word()) + ": " + error.text());
}

void AliasAgent::answerWhenThere() {
    if (!m_startDone) return;
    if (!std::all_of(m_ways.begin(), m_ways.end(), [](const auto& each) { return each->there; })) return;
    std::exchange(m_startDone, nullptr)({ResourceOutcome::Running, m_setup.settings.host + " is set"});
}

void AliasAgent::stop(ports::AgentDone done) {
    m_running = false;
    if (m_startDone) std::exchange(m_startDone, nullptr)({ResourceOutcome::Failed, "stopped during the start"});
    std::string detail = "stopped";
    for (const auto& kept : m_ways) {
        if (kept->staysWhenStopped) continue;
        kept->timer.stop();
        kept->there = false;
        kept->told = false;
        kept->way->leave([] {});
        m_alarms.clear(alarmOf(*kept)); // the other node's now, and its alarm if it fails there
    }
    if (m_setup.settings.dns) detail += "; the records in the DNS stay until the next node replaces them";
    note(false);
    done({ResourceOutcome::Stopped, detail});
}

void AliasAgent::kill(ports::AgentDone done) { stop(std::move(done)); }

void AliasAgent::probe(ports::AgentDone done) {
    if (m_running) return done({ResourceOutcome::Running, "is kept"});
    m_running = ::access(m_setup.places.noteFile.c_str(), F_OK) == 0;
    for (const auto& kept : m_ways)
        if (m_running || kept->staysWhenStopped) attempt(*kept, false);
    if (m_running) return done({ResourceOutcome::Running, "as the note of its start tells"});
    done({ResourceOutcome::Stopped, "not started on this node"});
}

void AliasAgent::note(bool started) {
    const std::string& file = m_setup.places.noteFile;
    if (!started) {
        ::unlink(file.c_str());
        return;
    }
    const platform::FileDescriptor note(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!note.valid()) notice("could not note its start in " + file + "; after a restart it counts as stopped");
}

std::string AliasAgent::alarmOf(const Kept& kept) const {
    return std::string("alias.") + kept.way->word() + ":" + m_setup.label;
}

void AliasAgent::notice(const std::string& detail) {
    if (onNotice) onNotice({model::ResourceNotice::Kind::Progress, detail});
}

Result<std::unique_ptr<ports::Agent>> makeAliasAgent(const model::AliasSettings& settings, const std::string& groupName,
                                                     const std::string& name, const std::string& runDirectory,
                                                     ports::AlarmPort& alarms) {
    AliasAgent::Setup setup{
        .settings = settings, .addresses = {}, .label = groupName + "/" + name, .places = {}, .timing = {}};
    setup.places.noteFile = runDirectory + "/" + groupName + "." + name + ".started";
    setup.places.netbiosFolder = runDirectory + "/" + groupName + "." + name + ".nmbd";
    for (const std::string& each : settings.addresses) {
        Result<IpAddress> address = parseIpAddress(each);
        if (!address) return address.error();
        setup.addresses.push_back(address.value());
    }
    DnsBytes wire;
    for (const std::string& each : {settings.host, settings.dns ? settings.dns->zone : settings.host})
        if (!appendDnsName(wire, each)) return Error{"use the alias", each, "it is no name of a host", {}};
    std::sort(setup.addresses.begin(), setup.addresses.end());
    // Nobody keeps what an earlier configuration published: this service doesn't know it any more.
    if (settings.mdnsName.empty()) killLeftPublishers(setup.label);
    if (settings.netbiosName.empty()) killLeftNetbios(setup.label);
    return Result<std::unique_ptr<ports::Agent>>(std::make_unique<AliasAgent>(std::move(setup), alarms));
}

Result<bool> removeForgottenAliases(const model::Configuration& configuration, const std::string& hostsFile) {
    std::vector<std::string> kept;
    for (const model::GroupSetup& group : configuration.groups)
        for (const model::ResourceSetup& resource : group.resources)
            if (const auto* alias = std::get_if<model::AliasSettings>(&resource.settings); alias && alias->hosts)
                kept.push_back(group.name + "/" + resource.name);
    return removeOtherHostsBlocks(hostsFile, kept);
}

} // namespace dyad::network
