// SPDX-License-Identifier: Apache-2.0
#include "config/live/live_check.h"

#include "base/errno_text.h"

#include "base/overloaded.h"
#include "config/live/interfaces.h"
#include "config/live/key_place.h"
#include "config/live/portals.h"
#include "config/problems.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <pwd.h>
#include <sstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace dyad::config {

namespace {

bool isBelow(const std::string& path, const std::string& folder) {
    return path == folder || (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

class Checker {
public:
    Checker(const model::Configuration& configuration, std::string_view text, const std::string& fileName,
            const LiveSetup& setup)
        : m_configuration(configuration), m_text(text), m_file(fileName), m_setup(setup),
          m_interfaces(interfaceAddresses()) {}

    std::vector<LiveFinding> run() {
        links();
        gateways();
        portals();
        ownFiles();
        for (const model::GroupSetup& group : m_configuration.groups)
            for (const model::ResourceSetup& resource : group.resources)
                check(group, resource);
        for (const model::HookSetup& hook : m_configuration.hooks)
            program("hook." + hook.name, "command", "hook " + hook.name, hook.command.front());
        return std::move(m_findings);
    }

private:
    void say(bool isError, const std::string& block, const std::string& key, const std::string& value, std::string text,
             std::string remedy) {
        const Place at = block.empty() ? Place{0, 0} : keyPlace(m_text, key.empty() ? block : block + "." + key);
        m_findings.push_back({block,
                              {isError, at.line > 0 ? m_file : std::string(), at.line, at.column, key, value,
                               std::move(text), std::move(remedy)}});
    }

    // --- network ---

    void links() {
        const std::size_t self = model::indexOf(m_setup.self);
        const std::string block = "node." + m_configuration.nodes[self].name;
        for (const model::LinkSetup& link : m_configuration.links) {
            const std::string& wanted = link.ends[self].address;
            if (link.isSerial()) {
                serialLine(block, link.name, wanted);
                continue;
            }
            const std::string bare = wanted.substr(0, wanted.find('%'));
            const auto found =
                std::find_if(m_interfaces.begin(), m_interfaces.end(), [&](const InterfaceAddress& each) {
                    return each.address.text.substr(0, each.address.text.find('%')) == bare;
                });
            const std::string key = "links." + link.name;
            if (found == m_interfaces.end())
                say(true, block, key, wanted,
                    "link " + link.name + ": no interface of this host has the address " + wanted,
                    "give it to one of them, or write one of theirs: " + listOf(m_interfaces));
            else if (!found->up || !found->carrier)
                say(true, block, key, wanted,
                    "link " + link.name + ": the interface " + found->interface + " that has " + wanted +
                        (found->up ? " has no carrier" : " is switched off"),
                    found->up ? "look at its cable and switch" : "ip link set " + found->interface + " up");
        }
    }

    // Not opened: it may carry heartbeats at this moment.
    void serialLine(const std::string& block, const std::string& name, const std::string& device) {
        struct stat status {};
        if (::stat(device.c_str(), &status) != 0)
            say(true, block, "links." + name, device,
                "link " + name + ": the device " + device + " can't be found: " + errnoText(errno),
                "look at `dmesg | grep tty` for the serial lines of this host");
        else if (!S_ISCHR(status.st_mode))
            say(true, block, "links." + name, device, "link " + name + ": " + device + " is no device of a serial line",
                "name the line's own device, such as /dev/ttyS0");
    }

    void gateways() {
        for (const std::string& gateway : m_configuration.gateways) {
            const std::optional<NumericAddress> address = parseAddress(gateway);
            if (!address || inSomeSubnet(*address, "")) continue;
            say(false, "network", "gateways", gateway,
                "the gateway " + gateway + " is in no subnet of this host: it is asked through another router",
                "name the routers next to this host; its subnets: " + listOf(m_interfaces));
        }
    }

    [[nodiscard]] const InterfaceAddress* inSomeSubnet(const NumericAddress& address,
                                                       const std::string& interface) const {
        for (const InterfaceAddress& each : m_interfaces)
            // An address of this service itself (32 or 128 bits) is no subnet.
            if (!each.loopback && each.prefixLength < (each.address.isIpv6 ? 128u : 32u) && each.holds(address) &&
                (interface.empty() || each.interface == interface))
                return &each;
        return nullptr;
    }

    void check(const std::string& block, const std::string& subject, const model::AddressSettings& settings) {
        const std::optional<NumericAddress> address = parseAddress(settings.address);
        if (!address) return;
        if (!settings.interface.empty() && !interfaceExists(settings.interface))
            return say(true, block, "interface", settings.interface,
                       subject + ": this host has no interface " + settings.interface,
                       "name one of " + listOf(m_interfaces));
        const InterfaceAddress* subnet = inSomeSubnet(*address, settings.interface);
        const std::string written = settings.address + "/" + std::to_string(settings.prefixLength);
        if (!subnet)
            return say(true, block, "address", written,
                       subject + ": " + written + " is in no subnet of " +
                           (settings.interface.empty() ? "any interface" : settings.interface) + " of this host",
                       "choose an address in one of these: " + listOf(m_interfaces));
        if (subnet->prefixLength != settings.prefixLength && settings.prefixLength != (address->isIpv6 ? 128 : 32))
            say(false, block, "address", written,
                subject + ": the prefix /" + std::to_string(settings.prefixLength) + " is not the one of " +
                    subnet->text(),
                "write " + settings.address + "/" + std::to_string(subnet->prefixLength));
    }

    // --- array ---

    void portals() {
        std::vector<std::string> portals;
        for (const model::LunSetup& lun : m_configuration.luns)
            portals.push_back(lun.portal);
        const std::vector<std::string> answers = tryPortals(portals, portalPatience);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const model::LunSetup& lun = m_configuration.luns[i];
            const std::string block = "lun." + lun.name;
            if (!answers[i].empty())
                say(true, block, "iscsi", lun.portal,
                    "LUN " + lun.name + ": the array does not answer at " + lun.portal + ": " + answers[i],
                    "look at the array, at the path to it and at the portal's address");
            if (!lun.chapSecretFile.empty()) secretFile(block, lun.chapSecretFile);
        }
    }

    void secretFile(const std::string& block, const std::string& path) {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0)
            say(true, block, "", path, "the secret's file " + path + " can't be read: " + errnoText(errno),
                "write the secret into it, one line, mode 0600");
        else if ((status.st_mode & 077) != 0 || status.st_uid != 0)
            say(true, block, "", path, "others than root may read the secret in " + path,
                "chown root " + path + " && chmod 0600 " + path);
    }

    // --- files of the service ---

    void ownFiles() {
        struct stat status {};
        if (::stat(m_setup.keyFile.c_str(), &status) != 0)
            say(true, "", "", m_setup.keyFile,
                "the cluster key " + m_setup.keyFile + " can't be read: " + errnoText(errno),
                "copy it from the other node (the same key on both), mode 0600");
        else if ((status.st_mode & 077) != 0 || status.st_uid != 0)
            say(true, "", "", m_setup.keyFile, "others than root may read the cluster key " + m_setup.keyFile,
                "chown root " + m_setup.keyFile + " && chmod 0600 " + m_setup.keyFile);
        for (const std::string& file :
             {m_setup.tlsDirectory + "/certificate.pem", m_setup.tlsDirectory + "/key.pem", m_setup.tokens})
            if (::access(file.c_str(), R_OK) != 0)
                say(true, "", "", file, file + " can't be read: " + errnoText(errno), "copy it from the other node");
        if (m_setup.programDirectory.empty()) return;
        program("", "", "the service", m_setup.programDirectory + "/dyad-heart");
        if (!m_configuration.luns.empty()) program("", "", "the service", m_setup.programDirectory + "/dyad-lun");
    }

    // --- resources ---

    void check(const model::GroupSetup& group, const model::ResourceSetup& resource) {
        const std::string block = "group." + group.name + ".resource." + resource.name;
        const std::string subject = "resource " + resource.name + " of group " + group.name;
        std::visit(Overloaded{
                       [&](const model::FilesystemSettings& each) { check(block, subject, each); },
                       [&](const model::AddressSettings& each) { check(block, subject, each); },
                       [&](const model::ProcessSettings& each) {
                           program(block, "command", subject, each.command.front());
                           user(block, subject, each.user);
                           if (each.ready) probe(block, "ready", subject, *each.ready);
                           if (each.health) probe(block, "health", subject, each.health->probe);
                       },
                       [&](const model::CommandSettings& each) {
                           for (const auto& [key, command] :
                                {std::pair("start", &each.start), std::pair("stop", &each.stop),
                                 std::pair("monitor", &each.monitor)})
                               if (!command->empty()) program(block, key, subject, command->front());
                           user(block, subject, each.user);
                       },
                       [&](const model::OcfSettings& each) { agent(block, subject, each); },
                       [&](const model::AliasSettings& each) {
                           if (each.dns) secretFile(block, each.dns->keyFile);
                           if (!each.netbiosName.empty()) {
                               program(block, "netbios", subject, "/usr/sbin/nmbd");
                               program(block, "netbios", subject, "/usr/bin/nmblookup");
                           }
                           if (each.mdnsName.empty()) return;
                           program(block, "mdns", subject, "/usr/bin/avahi-publish");
                           program(block, "mdns", subject, "/usr/bin/avahi-resolve");
                       },
                       [&](const model::PoolSettings& each) { check(block, subject, each); },
                       [&](const model::SystemdSettings& each) { unit(block, subject, each.unit); },
                       [&](const model::PostgresqlSettings& each) {
                           program(block, "binaries", subject, each.binaryDirectory + "/postgres");
                           user(block, subject, each.user);
                           probe(block, "health", subject, each.health.probe);
                       },
                       [&](const model::MariadbSettings& each) {
                           program(block, "program", subject, each.program);
                           user(block, subject, each.user);
                           probe(block, "health", subject, each.health.probe);
                           if (!each.passwordFile.empty()) secretFile(block, each.passwordFile);
                           if (!each.defaultsFile.empty()) readable(block, "defaults", subject, each.defaultsFile);
                       },
                   },
                   resource.settings);
        for (const model::HealthCheck& each : resource.probes)
            probe(block, "probe", subject, each.probe);
    }

    void unit(const std::string& block, const std::string& subject, const std::string& name) {
        if (!m_setup.askUnit) return;
        const std::string type = "systemd:" + name;
        if (m_askingAgents > agentsPatience)
            return say(false, block, "type", type, subject + ": " + name + " was not asked after: what was asked before it took too long",
                       "look at it with `systemctl status " + name + "`");
        const auto began = std::chrono::steady_clock::now();
        const Result<model::UnitFacts> asked = m_setup.askUnit(name);
        m_askingAgents += std::chrono::steady_clock::now() - began;
        if (!asked) {
            Error error = asked.error();
            const std::string remedy = std::exchange(error.remedy, {});
            return say(true, block, "type", type, subject + ": " + error.text(), remedy);
        }
        const model::UnitFacts& facts = asked.value();
        if (facts.load == "not-found")
            return say(true, block, "type", type, subject + ": systemd has no unit " + name + " on this host",
                       "install the package that has it on both nodes; `systemctl list-unit-files` shows the units");
        if (facts.load == "masked")
            return say(true, block, "type", type, subject + ": the unit " + name + " is masked: it can't be started",
                       "systemctl unmask " + name);
        if (facts.load != "loaded")
            return say(true, block, "type", type,
                       subject + ": systemd can't load the unit " + name + " (" + facts.load + ")" +
                           (facts.loadError.empty() ? "" : ": " + facts.loadError),
                       "look at it with `systemctl status " + name + "`");
        if (facts.file.starts_with("enabled"))
            say(false, block, "type", type,
                subject + ": the unit " + name + " is enabled: systemd starts it at boot, also where the group isn't",
                "systemctl disable " + name + " on both nodes; the group starts it where it is to run");
    }

    // Its parameters against what it says of itself.
    void agent(const std::string& block, const std::string& subject, const model::OcfSettings& settings) {
        if (!m_setup.askAgent) return;
        const std::string type = "ocf:" + settings.provider + ":" + settings.agent;
        if (!m_agents.contains(type)) {
            if (m_askingAgents > agentsPatience)
                return say(false, block, "type", type,
                           subject + ": " + type + " was not asked: the agents before it took too long",
                           "look at it with `dyad agent describe " + type + "`");
            const auto began = std::chrono::steady_clock::now();
            m_agents.emplace(type, m_setup.askAgent(settings));
            m_askingAgents += std::chrono::steady_clock::now() - began;
        }
        const Result<model::AgentMetadata>& asked = m_agents.at(type);
        if (!asked) {
            Error error = asked.error();
            const std::string remedy = std::exchange(error.remedy, {});
            return say(true, block, "type", type, subject + ": " + error.text(), remedy);
        }
        std::vector<std::string> known;
        for (const model::AgentParameter& each : asked.value().parameters) {
            known.push_back(each.name);
            const auto given = settings.parameters.find(each.name);
            const bool there = given != settings.parameters.end();
            if (each.required && !there && !each.defaultValue)
                say(true, block, "type", type, subject + ": " + type + " needs the parameter " + each.name,
                    "write " + each.name + " = \"...\" below parameters" +
                        (each.summary.empty() ? "" : ": " + each.summary));
            if (there && !fits(each.type, given->second))
                say(true, block, "parameters." + each.name, given->second,
                    subject + ": " + each.name + " = " + inQuotes(given->second) + " is no " + each.type,
                    each.type == "integer" ? "write a whole number" : "write true or false");
        }
        for (const auto& [name, value] : settings.parameters)
            if (std::find(known.begin(), known.end(), name) == known.end())
                say(true, block, "parameters." + name, value, subject + ": " + type + " has no parameter " + name,
                    known.empty() ? "remove it" : suggestion(name, known));
    }

    // Of the types that agents declare these two can be told from outside.
    static bool fits(const std::string& type, const std::string& value) {
        if (type == "integer") {
            const std::string digits = value.substr(value.starts_with('-') ? 1 : 0);
            return !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
        }
        if (type != "boolean") return true;
        std::string lower(value);
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char each) { return std::tolower(each); });
        return std::ranges::count(std::array{"yes", "true", "1", "on", "ja", "no", "false", "0", "off"}, lower) > 0;
    }

    void probe(const std::string& block, const std::string& key, const std::string& subject,
               const model::Probe& probe) {
        if (const auto* script = std::get_if<model::ScriptProbe>(&probe); script && !script->command.empty())
            program(block, key, subject, script->command.front());
        if (const auto* carrier = std::get_if<model::CarrierProbe>(&probe);
            carrier && !interfaceExists(carrier->interface))
            say(true, block, key, carrier->interface, subject + ": this host has no interface " + carrier->interface,
                "name one of " + listOf(m_interfaces));
    }

    void user(const std::string& block, const std::string& subject, const std::string& name) {
        if (name.empty()) return;
        passwd entry{};
        passwd* found = nullptr;
        std::vector<char> buffer(16384);
        ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
        if (found == nullptr)
            say(true, block, "user", name, subject + ": this host has no user " + name,
                "make the user, with the same number on both nodes");
    }

    // On a group's own filesystem it is there only where the group runs.
    [[nodiscard]] bool isOnTheArray(const std::string& path) const {
        for (const model::GroupSetup& group : m_configuration.groups)
            for (const model::ResourceSetup& each : group.resources)
                if (const auto* filesystem = std::get_if<model::FilesystemSettings>(&each.settings))
                    if (isBelow(path, filesystem->mountPoint)) return true;
        return false;
    }

    void readable(const std::string& block, const std::string& key, const std::string& subject,
                  const std::string& path) {
        if (isOnTheArray(path) || ::access(path.c_str(), R_OK) == 0) return;
        say(true, block, key, path, subject + ": the file " + path + " can't be read: " + errnoText(errno),
            "copy it from the other node, or correct the path");
    }

    void program(const std::string& block, const std::string& key, const std::string& subject,
                 const std::string& path) {
        if (isOnTheArray(path) || ::access(path.c_str(), X_OK) == 0) return;
        say(true, block, key, path, subject + ": the program " + path + " can't be run: " + errnoText(errno),
            "install it on this host, or correct the path");
    }

    void check(const std::string& block, const std::string& subject, const model::PoolSettings& settings) {
        const std::string listen = settings.address + " port " + std::to_string(settings.port);
        if (::access("/usr/sbin/nft", X_OK) != 0)
            say(true, block, "listen", listen, subject + ": the program /usr/sbin/nft can't be run: " + errnoText(errno),
                "apt install nftables");
        const bool six = settings.address.find(':') != std::string::npos;
        std::ifstream forwarding("/proc/sys/net/ipv6/conf/all/forwarding");
        if (six && forwarding.get() == '0')
            say(true, block, "listen", listen, subject + ": net.ipv6.conf.all.forwarding is 0 on this host",
                "write it as 1 into /etc/sysctl.d/dyad-pool.conf and run `sysctl --system`");
        probe(block, "health", subject, settings.servers.front().probe); // one for all
    }

    void check(const std::string& block, const std::string& subject, const model::FilesystemSettings& settings) {
        if (settings.type == "ext4" && ::access("/sbin/e2fsck", X_OK) != 0)
            say(false, block, "fstype", settings.type,
                subject + ": /sbin/e2fsck is not there: a filesystem that asks for a check can't be mounted",
                "apt install e2fsprogs");
        const std::string& point = settings.mountPoint;
        struct stat status {};
        if (::lstat(point.c_str(), &status) != 0)
            return say(errno != ENOENT, block, "mount", point,
                       subject + ": the mount point " + point +
                           (errno == ENOENT ? " is not there; it is made when it is needed"
                                            : " can't be looked at: " + errnoText(errno)),
                       "mkdir -p " + point);
        if (!S_ISDIR(status.st_mode))
            return say(true, block, "mount", point, subject + ": the mount point " + point + " is no folder",
                       "move away what is there and make a folder");
        const std::string source = mountedFrom(point);
        if (!source.empty()) {
            if (!source.starts_with("/dev/loop"))
                say(true, block, "mount", point,
                    subject + ": on the mount point " + point + " " + source + " is mounted, which is not ours",
                    "unmount it, or choose another folder");
            return;
        }
        std::error_code failed;
        const bool empty = std::filesystem::is_empty(point, failed);
        if (!failed && !empty)
            say(false, block, "mount", point,
                subject + ": the mount point " + point +
                    " is not empty: what is in it can't be seen while the "
                    "filesystem is mounted",
                "move its content away");
    }

    // The source of what is mounted just there; empty: nothing.
    static std::string mountedFrom(const std::string& point) {
        std::ifstream list("/proc/self/mountinfo");
        std::string found;
        for (std::string line; std::getline(list, line);) {
            std::istringstream words(line);
            std::string skip;
            std::string where;
            words >> skip >> skip >> skip >> skip >> where;
            if (where != point) continue;
            while (words >> skip && skip != "-") {
            }
            words >> skip >> found;
        }
        return found;
    }

    const model::Configuration& m_configuration;
    std::string_view m_text;
    const std::string& m_file;
    const LiveSetup& m_setup;
    std::vector<InterfaceAddress> m_interfaces;
    std::vector<LiveFinding> m_findings;
    std::map<std::string, Result<model::AgentMetadata>> m_agents; // by type: each is asked once
    Duration m_askingAgents{};
};

} // namespace

std::vector<LiveFinding> checkLive(const model::Configuration& configuration, std::string_view text,
                                   const std::string& fileName, const LiveSetup& setup) {
    return Checker(configuration, text, fileName, setup).run();
}

} // namespace dyad::config
