// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace dyad::scenarios {

namespace {

constexpr std::size_t maxLines = 5000;

std::vector<std::string> split(const std::string& text, char by) {
    std::vector<std::string> parts;
    std::string part;
    for (std::istringstream stream(text); std::getline(stream, part, by);)
        if (!part.empty()) parts.push_back(part);
    return parts;
}

class Parser {
public:
    Parser(std::string text, std::string fileName) : m_text(std::move(text)), m_fileName(std::move(fileName)) {}

    Result<Scenario> run() {
        std::istringstream stream(m_text);
        std::string line;
        bool below = false;
        while (std::getline(stream, line)) {
            if (++m_line > static_cast<int>(maxLines)) return wrong("the file is too long", "");
            if (below) {
                m_scenario.expected.push_back(line);
                continue;
            }
            if (line.rfind("----", 0) == 0) {
                below = true;
                continue;
            }
            m_scenario.head += line + "\n";
            const std::vector<std::string> words = split(line.substr(0, line.find('#')), ' ');
            if (!words.empty() && !take(words)) return wrong(m_problem, line);
        }
        if (m_scenario.configuration.groups.empty()) return wrong("no group", "");
        if (m_scenario.endMs <= 0) return wrong("no end", "");
        if (m_scenario.configuration.links.empty()) takeLinks({"links", "private", "public"});
        return std::move(m_scenario);
    }

private:
    Error wrong(const std::string& what, const std::string& value) const {
        return {"read the scenario", m_fileName + ":" + std::to_string(m_line),
                what + (value.empty() ? "" : ": " + value), ""};
    }
    bool refuse(const std::string& what) {
        m_problem = what;
        return false;
    }
    bool number(const std::string& text, double& value) {
        const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
        return (end.ec == std::errc() && end.ptr == text.data() + text.size()) ||
               refuse("'" + text + "' is not a number");
    }

    bool take(const std::vector<std::string>& words) {
        const std::string& first = words[0];
        if (first == "profile" && words.size() == 2) return takeProfile(words[1]);
        if (first == "links") return takeLinks(words);
        if (first == "gateway") return m_scenario.configuration.gateways.emplace_back("10.77.0.254"), true;
        if (first == "group" && words.size() >= 2) return takeGroup(words);
        if (first == "off") return m_scenario.off.insert(m_scenario.off.end(), words.begin() + 1, words.end()), true;
        if (first == "drift")
            return m_scenario.drift.insert(m_scenario.drift.end(), words.begin() + 1, words.end()), true;
        if (first == "key" && words.size() == 3) return m_scenario.planted.push_back({words[1], words[2]}), true;
        if (first == "trace" && words.size() == 3) return number(words[2], m_scenario.traceFromMs);
        if (first == "end" && words.size() == 2) return number(words[1], m_scenario.endMs);
        if (first == "at" && words.size() >= 3) {
            Command command{0, {words.begin() + 2, words.end()}, m_line};
            const bool good = number(words[1], command.atMs);
            m_scenario.commands.push_back(std::move(command));
            return good;
        }
        return refuse("not understood");
    }

    bool takeProfile(const std::string& word) {
        using model::Profile;
        Profile& profile = m_scenario.configuration.profile;
        if (word == "fast")
            profile = Profile::Fast;
        else if (word == "standard")
            profile = Profile::Standard;
        else if (word == "relaxed")
            profile = Profile::Relaxed;
        else
            return refuse("no such profile");
        return true;
    }

    bool takeLinks(const std::vector<std::string>& words) {
        for (std::size_t i = 1; i < words.size(); ++i) {
            m_scenario.configuration.links.emplace_back();
            m_scenario.configuration.links.back().name = words[i];
        }
        return true;
    }

    // data… is a filesystem, ip… an address, anything else a process.
    static model::ResourceSettings settingsOf(const std::string& name, const model::GroupSetup& group) {
        if (name.rfind("ip", 0) == 0) return model::AddressSettings{};
        if (name.rfind("data", 0) != 0) return model::ProcessSettings{};
        model::FilesystemSettings filesystem;
        if (!group.luns.empty()) filesystem.lun = group.luns.front();
        return filesystem;
    }

    bool takeGroup(const std::vector<std::string>& words) {
        model::Configuration& configuration = m_scenario.configuration;
        model::GroupSetup group;
        group.name = words[1];
        double luns = 1, restarts = 2, backoff = 0, start = 60000, stop = 30000;
        std::vector<std::string> resources{"data", "db", "ip"};
        for (std::size_t i = 2; i < words.size(); ++i) {
            const std::size_t sign = words[i].find('=');
            const std::string name = words[i].substr(0, sign),
                              value = sign == std::string::npos ? "" : words[i].substr(sign + 1);
            bool good = true;
            if (name == "luns")
                good = number(value, luns);
            else if (name == "restarts")
                good = number(value, restarts);
            else if (name == "backoff")
                good = number(value, backoff);
            else if (name == "start-timeout")
                good = number(value, start);
            else if (name == "stop-timeout")
                good = number(value, stop);
            else if (name == "resources")
                resources = split(value, ',');
            else if (name == "prefer")
                group.prefer = value == "beta" ? model::NodeId::Second : model::NodeId::First;
            else if (name == "failback")
                group.failback = value == "auto" ? model::Failback::Auto : model::Failback::Manual;
            else
                return refuse("'" + words[i] + "' says nothing of a group");
            if (!good) return false;
        }
        for (int i = 0; i < static_cast<int>(luns); ++i) {
            group.luns.emplace_back(static_cast<std::uint32_t>(configuration.luns.size()));
            configuration.luns.emplace_back();
            configuration.luns.back().name = group.name + (luns > 1 ? "-" + std::to_string(i + 1) : "-lun");
        }
        std::optional<model::ResourceId> previous;
        for (const std::string& name : resources) {
            model::ResourceSetup resource;
            resource.name = name;
            resource.settings = settingsOf(name, group);
            resource.startTimeout = std::chrono::milliseconds(static_cast<long>(start));
            resource.stopTimeout = std::chrono::milliseconds(static_cast<long>(stop));
            resource.ladder.restarts = static_cast<unsigned>(restarts);
            resource.ladder.backoff = std::chrono::milliseconds(static_cast<long>(backoff));
            if (!std::holds_alternative<model::AddressSettings>(resource.settings)) {
                if (previous) resource.after.push_back(*previous);
                previous = model::ResourceId(static_cast<std::uint32_t>(group.resources.size()));
            }
            group.resources.push_back(std::move(resource));
        }
        configuration.groups.push_back(std::move(group));
        return true;
    }

    const std::string m_text;
    const std::string m_fileName;
    int m_line = 0;
    std::string m_problem;
    Scenario m_scenario;
};

} // namespace

Result<Scenario> parse(const std::string& text, const std::string& fileName) {
    Result<Scenario> scenario = Parser(text, fileName).run();
    if (!scenario) return scenario;
    model::Configuration& configuration = scenario.value().configuration;
    configuration.clusterName = "scenario";
    configuration.clusterId = 0x5d2a;
    configuration.digest = 1;
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    return scenario;
}

} // namespace dyad::scenarios
