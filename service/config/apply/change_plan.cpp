// SPDX-License-Identifier: Apache-2.0
#include "config/apply/change_plan.h"

#include "config/quoted.h"

#include "base/overloaded.h"

#include <algorithm>
#include <optional>

namespace dyad::config {

namespace {

template <typename Named>
const Named* findNamed(const std::vector<Named>& all, const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Named& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

// The settings with everything taken out that an agent may learn while its resource runs.
model::ResourceSettings fixedPart(const model::ResourceSettings& settings) {
    return std::visit(Overloaded{
                          [](model::FilesystemSettings each) -> model::ResourceSettings {
                              each.lun = {}; // compared by name: an id is only a place in the file
                              return each;
                          },
                          [](model::ProcessSettings each) -> model::ResourceSettings {
                              each.ready.reset();
                              each.health.reset();
                              each.stopSignal = 0;
                              return each;
                          },
                          [](model::CommandSettings each) -> model::ResourceSettings {
                              each.stop.clear();
                              each.monitor.clear();
                              each.interval = {};
                              each.lsb = false;
                              return each;
                          },
                          [](model::OcfSettings each) -> model::ResourceSettings {
                              each.interval = {};
                              each.monitorTimeout = {};
                              each.checkLevel = 0;
                              return each;
                          },
                          [](model::PostgresqlSettings each) -> model::ResourceSettings {
                              each.probeDatabase.clear();
                              each.health = {};
                              each.check = {};
                              return each;
                          },
                          [](model::MariadbSettings each) -> model::ResourceSettings {
                              each.account.clear();
                              each.passwordFile.clear();
                              each.probeDatabase.clear();
                              each.health = {};
                              each.check = {};
                              return each;
                          },
                          [](model::AddressSettings each) -> model::ResourceSettings {
                              each.raiseLast = false;
                              each.announcements = 0;
                              each.refresh = {};
                              each.duplicateCheck = {};
                              each.watchCarrier = true;
                              return each;
                          },
                          [](model::AliasSettings each) -> model::ResourceSettings {
                              // Of what was set under the old name nothing would be left to be put right.
                              model::AliasSettings name;
                              name.host = std::move(each.host);
                              return name;
                          },
                          [](const model::PoolSettings& each) -> model::ResourceSettings {
                              model::PoolSettings fixed; // all else is learnt with the next set of rules
                              fixed.address = each.address;
                              fixed.port = each.port;
                              return fixed;
                          },
                          [](const model::SystemdSettings& each) -> model::ResourceSettings { return each; },
                      },
                      settings);
}

const model::FilesystemSettings* filesystem(const model::ResourceSetup& resource) {
    return std::get_if<model::FilesystemSettings>(&resource.settings);
}

std::vector<std::string> lunNames(const model::Configuration& configuration, const model::GroupSetup& group) {
    std::vector<std::string> names;
    for (const model::LunId lun : group.luns)
        names.push_back(configuration.luns[lun.value].name);
    return names;
}

bool sameSession(const model::LunSetup& a, const model::LunSetup& b) {
    return a.portal == b.portal && a.target == b.target && a.lun == b.lun && a.chapUser == b.chapUser &&
           a.chapSecretFile == b.chapSecretFile;
}

class Planner {
public:
    Planner(const model::Configuration& from, const model::Configuration& to,
            const std::vector<GroupWhereabouts>& groups)
        : m_from(from), m_to(to), m_groups(groups) {}

    ChangePlan plan() {
        if (m_from.digest == m_to.digest) return m_plan;
        identity();
        links();
        profile();
        luns();
        for (std::size_t i = 0; i < m_from.groups.size(); ++i)
            group(i);
        for (const model::GroupSetup& each : m_to.groups)
            if (!findNamed(m_from.groups, each.name)) effect("group " + each.name + " is new: it is started");
        model::Configuration same = m_to;
        same.digest = m_from.digest;
        if (m_plan.reach == Reach::Nothing && !(same == m_from)) m_plan.reach = Reach::Service;
        if (m_plan.reach == Reach::Nothing)
            m_plan.effects = {"the texts differ, what they say doesn't: nothing is restarted but the service"};
        // The digest in the heartbeats is of the text.
        m_plan.reach = std::max(m_plan.reach, Reach::Service);
        return m_plan;
    }

private:
    void effect(std::string text) { m_plan.effects.push_back(std::move(text)); }
    [[nodiscard]] const std::string& whereRuns(std::size_t group) const {
        static const std::string nowhere;
        return group < m_groups.size() ? m_groups[group].node : nowhere;
    }
    void stop(std::size_t index, std::string why) {
        const std::string& node = whereRuns(index);
        const std::string& name = m_from.groups[index].name;
        if (node.empty()) return effect("group " + name + " (stopped): " + why);
        m_plan.mustStop.push_back({name, node, std::move(why)});
    }
    void stopAll(const std::string& why) {
        for (std::size_t i = 0; i < m_from.groups.size(); ++i)
            stop(i, why);
    }

    void identity() {
        const std::string remedy = "; stop the service on both nodes, replace the file on both and start them";
        if (m_from.clusterName != m_to.clusterName)
            m_plan.impossible.push_back("the cluster's name " + quoted(m_from.clusterName) + " becomes " +
                                        quoted(m_to.clusterName) + ": it is in every key on the array" + remedy);
        for (std::size_t i = 0; i < 2; ++i)
            if (m_from.nodes[i].name != m_to.nodes[i].name)
                m_plan.impossible.push_back(
                    "node number " + std::to_string(i + 1) + " is " + quoted(m_from.nodes[i].name) + " and becomes " +
                    quoted(m_to.nodes[i].name) + ": name and place of a node are in its keys" + remedy);
        if (m_from.control != m_to.control)
            effect("the control server listens on port " + std::to_string(m_to.control.port) + " instead of " +
                   std::to_string(m_from.control.port));
        if (m_from.gateways != m_to.gateways) effect("other gateways are watched");
    }

    void links() {
        if (m_from.heartbeatPort != m_to.heartbeatPort) {
            m_plan.reach = Reach::Heart;
            effect("heartbeats go to port " + std::to_string(m_to.heartbeatPort) + " instead of " +
                   std::to_string(m_from.heartbeatPort));
            stopAll("the nodes can't hear each other while one of them has the new heartbeat port and the other the "
                    "old one");
            return;
        }
        if (m_from.links == m_to.links) return;
        m_plan.reach = Reach::Heart;
        bool oneStays = false;
        for (std::size_t i = 0; i < m_to.links.size(); ++i) {
            const model::LinkSetup& link = m_to.links[i];
            const model::LinkSetup* before = findNamed(m_from.links, link.name);
            if (!before)
                effect("link " + link.name + " is new");
            else if (!(*before == link))
                effect("link " + link.name + " gets other addresses or settings");
            // In its place, too: heartbeats name a link by its number.
            else if (i < m_from.links.size() && m_from.links[i] == link)
                oneStays = true;
        }
        for (const model::LinkSetup& link : m_from.links)
            if (!findNamed(m_to.links, link.name)) effect("link " + link.name + " is given up");
        if (!oneStays)
            stopAll("no link stays as it is (name, addresses and place), so the nodes can't hear each other while one "
                    "of them has the new ones; change them one after the other");
    }

    void profile() {
        if (m_from.profile == m_to.profile) return;
        m_plan.reach = Reach::Heart;
        m_plan.ownerFirst = m_to.profile < m_from.profile; // fast < standard < relaxed
        effect(std::string("the time-outs get ") + (m_plan.ownerFirst ? "shorter" : "longer"));
        const auto runsOn = [&](std::size_t node) {
            for (std::size_t i = 0; i < m_from.groups.size(); ++i)
                if (whereRuns(i) == m_from.nodes[node].name) return true;
            return false;
        };
        if (!runsOn(0) || !runsOn(1)) return;
        for (std::size_t i = 0; i < m_from.groups.size(); ++i)
            if (whereRuns(i) == m_from.nodes[1].name)
                stop(i, "the time-outs change while both nodes own groups, and for a moment one of them would be less "
                        "patient than the other is quick; move it to " +
                            m_from.nodes[0].name);
    }

    void luns() {
        for (const model::LunSetup& lun : m_from.luns) {
            const model::LunSetup* after = findNamed(m_to.luns, lun.name);
            if (!after)
                effect("LUN " + lun.name + " is given up: its session is logged out");
            else if (!sameSession(lun, *after))
                effect("LUN " + lun.name + " gets another session");
        }
        for (const model::LunSetup& lun : m_to.luns)
            if (!findNamed(m_from.luns, lun.name)) effect("LUN " + lun.name + " is new: a session is logged in");
    }

    void group(std::size_t index) {
        const model::GroupSetup& before = m_from.groups[index];
        const model::GroupSetup* after = findNamed(m_to.groups, before.name);
        if (!after) return stop(index, "it is no longer in the file, and nobody would look after what runs of it");
        if (static_cast<std::size_t>(after - m_to.groups.data()) != index)
            stop(index, "its place among the groups changes from " + std::to_string(index + 1) + " to " +
                            std::to_string(after - m_to.groups.data() + 1) +
                            ", and heartbeats name a group by its place; put new groups at the end");
        const std::vector<std::string> lunsBefore = lunNames(m_from, before);
        if (lunsBefore != lunNames(m_to, *after))
            stop(index, "its LUNs, or their order, change: they are claimed as one");
        for (const std::string& name : lunsBefore) {
            const model::LunSetup* lun = findNamed(m_to.luns, name);
            if (lun && !sameSession(*findNamed(m_from.luns, name), *lun))
                stop(index, "its LUN " + name + " gets another session");
        }
        for (const model::ResourceSetup& resource : before.resources)
            compare(index, resource, findNamed(after->resources, resource.name));
        for (const model::ResourceSetup& resource : after->resources)
            if (!findNamed(before.resources, resource.name) && !filesystem(resource))
                effect("resource " + resource.name + " of group " + before.name + " is new: it is started");
        if (before.prefer != after->prefer)
            effect("group " + before.name + " prefers " +
                   (after->prefer ? m_to.nodes[model::indexOf(*after->prefer)].name : std::string("no node")));
        if (before.failback != after->failback && after->failback == model::Failback::Auto)
            effect("group " + before.name + " goes back to its preferred node by itself from now on");
    }

    void compare(std::size_t index, const model::ResourceSetup& before, const model::ResourceSetup* after) {
        if (!after)
            return stop(index, "its resource " + before.name + " is no longer in the file, and nobody would stop it");
        const bool sameLun =
            !filesystem(before) || !filesystem(*after) ||
            m_from.luns[filesystem(before)->lun.value].name == m_to.luns[filesystem(*after)->lun.value].name;
        if (before.type != after->type || !sameLun || !(fixedPart(before.settings) == fixedPart(after->settings)))
            return stop(index, "its resource " + before.name + " is changed in what it was started with");
        model::ResourceSetup same = *after;
        same.settings = before.settings;
        same.after = before.after;
        if (!(same == before) || (!filesystem(before) && !(before.settings == after->settings)))
            effect("resource " + before.name + " of group " + m_from.groups[index].name +
                   " gets other checks, time-outs or restarts; it runs on");
    }

    const model::Configuration& m_from;
    const model::Configuration& m_to;
    const std::vector<GroupWhereabouts>& m_groups;
    ChangePlan m_plan;
};

} // namespace

const char* toText(Reach reach) {
    switch (reach) {
    case Reach::Nothing: return "nothing";
    case Reach::Service: return "service";
    case Reach::Heart: return "heart";
    }
    return "?";
}

ChangePlan planChange(const model::Configuration& from, const model::Configuration& to,
                      const std::vector<GroupWhereabouts>& groups) {
    return Planner(from, to, groups).plan();
}

} // namespace dyad::config
