// SPDX-License-Identifier: Apache-2.0
#include "control/truth/contradictions.h"

#include <algorithm>

namespace dyad::control {

namespace {

using model::Contradiction;
using model::NodeTruth;
using model::Role;
using model::Severity;

class Findings {
public:
    explicit Findings(const std::string& node) : m_node(node) {}
    void add(const std::string& what, const std::string& subject, Severity severity, std::string text,
             std::string remedy) {
        found.push_back(
            {"truth." + what + ":" + subject + "@" + m_node, m_node, severity, std::move(text), std::move(remedy)});
    }
    std::vector<Contradiction> found;

private:
    const std::string& m_node;
};

std::string listed(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

bool ownsIt(Role role) {
    return role == Role::Active || role == Role::Starting || role == Role::Stopping || role == Role::Claiming;
}
Role roleOf(const NodeTruth& node, const std::string& group) {
    for (const model::TruthGroup& each : node.groups)
        if (each.name == group) return each.role;
    return Role::Standby;
}

void lookAtAddresses(const NodeTruth& own, Findings& findings) {
    for (const model::TruthAddress& address : own.addresses) {
        const std::string subject = address.group + "/" + address.resource;
        const std::string role = toText(roleOf(own, address.group));
        if (address.settled && !address.claimed && !address.interface.empty())
            findings.add("address", subject, Severity::Critical,
                         address.address + " is on interface " + address.interface + " of " + own.node +
                             ", where group " + address.group + " does not run (role " + role +
                             "): clients may reach the wrong host",
                         "on " + own.node + ": ip address del " + address.address + "/PREFIX dev " + address.interface +
                             " (`ip address` shows the prefix)");
        if (address.settled && address.claimed && address.interface.empty())
            findings.add("address", subject, Severity::Critical,
                         "the service on " + own.node + " believes that it has " + address.address +
                             ", but no interface has it",
                         "look at `dyad events`; the service raises it again when its check fails");
        if (!address.interface.empty() && !address.answers.empty())
            findings.add("twice", subject, Severity::Critical,
                         address.address + " is on " + own.node + ", and " + listed(address.answers) +
                             " answers for it on the wire as well",
                         "find the host with that hardware address and take the address away from it");
        if (address.answers.size() > 1)
            findings.add("answers", subject, Severity::Critical,
                         std::to_string(address.answers.size()) + " hosts answer for " + address.address + ": " +
                             listed(address.answers),
                         "only the active node may: find the others by their hardware addresses");
        const bool here = !address.interface.empty();
        if (!here && !address.neighbour.empty() && !address.answers.empty() &&
            std::find(address.answers.begin(), address.answers.end(), address.neighbour) == address.answers.end())
            findings.add("arp", subject, Severity::Warning,
                         "the neighbour table of " + own.node + " has " + address.neighbour + " for " +
                             address.address + ", but " + listed(address.answers) + " answers for it",
                         "on " + own.node + ": ip neigh del " + address.address + " dev " + address.wireInterface);
        if (address.settled && !here && !address.sendsHere.empty())
            findings.add("arp-of-others", subject, Severity::Warning,
                         listed(address.sendsHere) + " still sends packets for " + address.address + " to " + own.node +
                             ", which does not have it: a stale ARP entry there",
                         "on that host: ip neigh del " + address.address +
                             "; the active node announces it again by itself from time to time");
    }
}

void lookAtMounts(const NodeTruth& own, Findings& findings) {
    for (const model::TruthMount& mount : own.mounts) {
        const std::string subject = mount.group + "/" + mount.resource;
        if (!mount.settled || mount.claimed == mount.mounted) continue;
        if (mount.mounted)
            findings.add("mount", subject, Severity::Critical,
                         mount.source + " (" + mount.type + ") is mounted at " + mount.mountPoint + " of " + own.node +
                             ", where group " + mount.group + " does not run (role " +
                             toText(roleOf(own, mount.group)) + ")",
                         "on " + own.node + ": umount " + mount.mountPoint);
        else
            findings.add("mount", subject, Severity::Critical,
                         "the service on " + own.node + " believes that " + mount.mountPoint +
                             " is mounted, but it is not",
                         "look at `dyad events`; somebody unmounted it by hand");
    }
    for (const model::TruthLun& lun : own.luns)
        for (const std::string& at : lun.mountedAt)
            if (at != lun.configuredMount)
                findings.add("mount", lun.name + at, Severity::Critical,
                             "the data of LUN " + lun.name + " is mounted by hand at " + at + " of " + own.node,
                             "on " + own.node + ": umount " + at);
}

std::string storyOf(model::ReservationKey key) { return toText(key); }

void lookAtLuns(const NodeTruth& own, Findings& findings) {
    for (const model::TruthLun& lun : own.luns) {
        if (!lun.known || !lun.pathUp) continue;
        // A challenge stands for moments only; in a group that nobody claims nobody has a reason to be registered.
        const bool claiming = roleOf(own, lun.group) == Role::Claiming;
        std::vector<std::string> left;
        for (const model::ReservationKey key : lun.snapshot.registrants)
            if (!lun.snapshot.heldBy(key)) left.push_back(storyOf(key));
        if (!claiming && !left.empty())
            findings.add(
                "key", lun.name, Severity::Warning,
                "beside its holder (" + lun.holderName + ") LUN " + lun.name + " has registered: " + listed(left) +
                    ", as " + own.node + " read it",
                "the owner of group " + lun.group +
                    " removes it by itself; while nobody owns the group: sg_persist --out --clear, or start the "
                    "group");
        const Role role = roleOf(own, lun.group);
        if (role == Role::Active && lun.holderName != own.node)
            findings.add("holder", lun.name, Severity::Critical,
                         own.node + " says that group " + lun.group + " is active here, but LUN " + lun.name +
                             " is held by " + lun.holderName,
                         "the group is about to be dropped here; look at `dyad events`");
        if (role == Role::Standby && lun.gateOpen)
            findings.add("gate", lun.name, Severity::Critical,
                         "writes to LUN " + lun.name + " may pass on " + own.node + ", which is standby",
                         "stop dyad-lun of this LUN on " + own.node);
    }
}

void lookAtProcesses(const NodeTruth& own, Findings& findings) {
    for (const model::TruthProcess& process : own.processes) {
        if (!process.settled || process.claimed == process.alive) continue;
        const std::string subject = process.group + "/" + process.resource;
        const std::string pid = process.pid > 0 ? "process " + std::to_string(process.pid) : "its process";
        if (process.alive)
            findings.add("process", subject, Severity::Critical,
                         pid + " of " + subject + " runs on " + own.node + ", where the group does not run",
                         "on " + own.node + ": end it");
        else
            findings.add("process", subject, Severity::Warning,
                         "the service on " + own.node + " believes that " + subject + " runs, but " + pid + " is gone",
                         "look at `dyad events`");
    }
}

void lookAtConfiguration(const NodeTruth& own, Findings& findings) {
    if (!own.fileDigest.empty() && own.fileDigest != own.configurationDigest)
        findings.add("configuration", "file", Severity::Warning,
                     "the configuration file on " + own.node + " is not the one that its service runs",
                     "`dyad config diff` shows what differs; `dyad config apply` puts it in force on both nodes");
    if (own.peerAlive && !own.peerDigest.empty() && own.peerDigest != own.configurationDigest)
        findings.add("configuration", "peer", Severity::Critical,
                     own.node + " and " + own.peer + " run different configurations (" + own.configurationDigest +
                         " and " + own.peerDigest + ")",
                     "`dyad config diff` shows what differs; `dyad config apply` makes them equal");
}

} // namespace

std::vector<Contradiction> contradictionsOf(const NodeTruth& own) {
    Findings findings(own.node);
    lookAtAddresses(own, findings);
    lookAtMounts(own, findings);
    lookAtLuns(own, findings);
    lookAtProcesses(own, findings);
    lookAtConfiguration(own, findings);
    return findings.found;
}

std::vector<Contradiction> contradictionsBetween(const NodeTruth& first, const NodeTruth& second) {
    const std::string both = first.node + "+" + second.node;
    Findings findings(both);
    for (const model::TruthGroup& group : first.groups) {
        const Role other = roleOf(second, group.name);
        if (group.role == Role::Active && other == Role::Active)
            findings.add("group", group.name, Severity::Critical, "group " + group.name + " is active on both nodes",
                         "the array lets only one of them write; look at the links between the nodes");
    }
    for (const model::TruthAddress& address : first.addresses)
        for (const model::TruthAddress& other : second.addresses)
            if (address.address == other.address && !address.interface.empty() && !other.interface.empty())
                findings.add("address", address.group + "/" + address.resource, Severity::Critical,
                             address.address + " is on both nodes: " + first.node + " (" + address.interface +
                                 ") and " + second.node + " (" + other.interface + ")",
                             "take it away from the node that is not active for group " + address.group);
    for (const model::TruthLun& lun : first.luns)
        for (const model::TruthLun& other : second.luns)
            if (lun.name == other.name && lun.known && other.known && lun.pathUp && other.pathUp &&
                !ownsIt(roleOf(first, lun.group)) == !ownsIt(roleOf(second, lun.group)) &&
                lun.snapshot.holder != other.snapshot.holder)
                findings.add("holder", lun.name, Severity::Warning,
                             "the nodes read different holders of LUN " + lun.name + ": " + lun.holderName + " and " +
                                 other.holderName,
                             "ask again: it may just be changing hands. If it stays, do both nodes have the same LUN?");
    for (const model::TruthMount& mount : first.mounts)
        for (const model::TruthMount& other : second.mounts)
            if (mount.group == other.group && mount.resource == other.resource && mount.mounted && other.mounted)
                findings.add("mount", mount.group + "/" + mount.resource, Severity::Critical,
                             mount.mountPoint + " is mounted on both nodes",
                             "unmount it at once where group " + mount.group + " is not active");
    if (first.configurationDigest != second.configurationDigest && !first.peerAlive && !second.peerAlive)
        findings.add("configuration", "pair", Severity::Critical,
                     first.node + " and " + second.node + " run different configurations",
                     "`dyad config diff` shows what differs; `dyad config apply` makes them equal");
    if (first.version != second.version)
        findings.add("version", "pair", Severity::Warning,
                     first.node + " runs version " + first.version + ", " + second.node + " " + second.version,
                     "bring both to the same version");
    return findings.found;
}

} // namespace dyad::control
