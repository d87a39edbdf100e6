// SPDX-License-Identifier: Apache-2.0
// A host name that moves with the group. It runs as soon as it was started, and goes on trying each of its ways till
// the name is there, with an alarm as long as it isn't; only where it is `required` does the start wait for that.
#pragma once

#include <QTimer>
#include <memory>
#include <string>
#include <vector>

#include "model/configuration.h"
#include "network/alias/alias_way.h"
#include "network/alias/hosts_file.h"
#include "network/alias/mdns_way.h"
#include "network/alias/netbios_way.h"
#include "ports/agent.h"
#include "ports/outside.h"

namespace dyad::network {

struct AliasTiming {
    Duration firstPause = 1s; // before the second attempt; then twice as long, and so on
    Duration longestPause = 60s;
    Duration dnsPatience = 3s;
};

struct AliasPlaces {
    std::string noteFile; // tells a later life of the service that it runs; gone after a boot
    std::string hostsFile = systemHostsFile;
    AvahiPrograms avahi;
    std::string netbiosFolder; // what nmbd is run in
    SambaPrograms samba;
};

class AliasAgent final : public ports::Agent {
public:
    struct Setup {
        model::AliasSettings settings;
        std::vector<IpAddress> addresses; // of the settings
        std::string label;                // "erp/name"
        AliasPlaces places;
        AliasTiming timing;
    };
    // `alarms` must outlive the agent.
    AliasAgent(Setup setup, ports::AlarmPort& alarms);
    ~AliasAgent() override;

    void start(bool takeover, ports::AgentDone done) override;
    // The DNS's records and the block in /etc/hosts stay; the multicast name is withdrawn.
    void stop(ports::AgentDone done) override;
    void kill(ports::AgentDone done) override;  // the same: nothing in it waits for anybody
    void probe(ports::AgentDone done) override; // its note tells; what was claimed then is looked at, not claimed anew

private:
    struct Kept;

    void begin(bool claim);
    void attempt(Kept& kept, bool claim);
    void ended(Kept& kept, const Result<std::string>& result);
    void trouble(Kept& kept, Error error);
    void answerWhenThere();
    void note(bool started);
    [[nodiscard]] std::string alarmOf(const Kept& kept) const;
    void notice(const std::string& detail);

    Setup m_setup;
    ports::AlarmPort& m_alarms;
    bool m_running = false;
    ports::AgentDone m_startDone; // waits for a required one
    std::vector<std::unique_ptr<Kept>> m_ways;
};

// `runDirectory` is emptied by a boot. Error: a host, zone or address that can't be used. Doesn't block.
[[nodiscard]] Result<std::unique_ptr<ports::Agent>>
makeAliasAgent(const model::AliasSettings& settings, const std::string& groupName, const std::string& name,
               const std::string& runDirectory, ports::AlarmPort& alarms);

// The labels of the aliases that are kept in /etc/hosts; the blocks of all others are removed from it. Blocks on a
// local disk: for the time before the event loop.
[[nodiscard]] Result<bool> removeForgottenAliases(const model::Configuration& configuration,
                                                  const std::string& hostsFile = systemHostsFile);

} // namespace dyad::network
