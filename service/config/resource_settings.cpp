// SPDX-License-Identifier: Apache-2.0
// The keys that each type of resource has of its own.
#include "config/addresses.h"
#include "config/sections.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>

namespace dyad::config {

namespace {

const std::vector<std::string> knownTypes{"filesystem", "process", "command", "postgresql", "mariadb", "address",
                                          "ocf:PROVIDER:AGENT", "alias", "pool", "systemd:UNIT"};
constexpr std::string_view ocfPrefix = "ocf:";
constexpr std::string_view systemdPrefix = "systemd:";

// Mounting here would hide the system, or the service itself.
constexpr std::array systemFolders{
    "/",    "/bin",  "/boot", "/dev", "/etc", "/home", "/lib", "/lib64",   "/opt",      "/proc",     "/root",
    "/run", "/sbin", "/srv",  "/sys", "/tmp", "/usr",  "/var", "/var/lib", "/etc/dyad", "/run/dyad", "/var/lib/dyad"};
constexpr std::array kernelFolders{"/dev/", "/proc/", "/sys/", "/run/dyad/", "/etc/dyad/", "/var/lib/dyad/"};

void readFilesystem(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    model::FilesystemSettings settings;
    if (const auto name = reader.requiredText("lun", "lun = \"array\"")) {
        places.lunAt = reader.place("lun");
        const auto& luns = draft.configuration.luns;
        const auto found =
            std::find_if(luns.begin(), luns.end(), [&](const model::LunSetup& lun) { return lun.name == *name; });
        if (found != luns.end()) {
            settings.lun = model::LunId(static_cast<std::uint32_t>(found - luns.begin()));
        } else {
            std::vector<std::string> names;
            for (const model::LunSetup& lun : luns)
                names.push_back(lun.name);
            reader.wrong("lun", "is no LUN of this file",
                         names.empty() ? "write a [[lun]] block with this name" : suggestion(*name, names));
            settings.lun = model::LunId(UINT32_MAX);
        }
    } else {
        settings.lun = model::LunId(UINT32_MAX);
    }
    if (const auto mount = reader.requiredText("mount", "mount = \"/srv/erp\"")) {
        places.subjectAt = reader.place("mount");
        const bool isSystem = std::find(systemFolders.begin(), systemFolders.end(), *mount) != systemFolders.end() ||
                              std::any_of(kernelFolders.begin(), kernelFolders.end(),
                                          [&](const char* folder) { return mount->starts_with(folder); });
        if (isSystem)
            reader.wrong("mount", "is a folder of the system", "mount on a folder of its own, such as \"/srv/erp\"");
        else if (checkPath(reader, "mount", *mount))
            settings.mountPoint = *mount;
    }
    if (!reader.has("fstype")) reader.missing("fstype", "fstype = \"ext4\" (or \"xfs\")");
    settings.type = reader.choice<std::string>("fstype", {{"ext4", "ext4"}, {"xfs", "xfs"}}, "");
    if (const auto options = reader.text("options")) {
        settings.options = *options;
        const std::string listed = "," + *options + ",";
        if (options->find(' ') != std::string::npos)
            reader.wrong("options", "has a space in it", "separate the options by commas alone");
        for (const char* losing : {"nobarrier", "barrier=0", "barrier=none"})
            if (listed.find("," + std::string(losing) + ",") != std::string::npos)
                reader.wrong("options",
                             "has " + inQuotes(losing) + " in it: what was acknowledged would not be on the array",
                             "remove it");
        if (listed.find(",errors=panic,") != std::string::npos)
            reader.wrong("options", "has \"errors=panic\" in it: a fenced host would take the whole machine down",
                         "remove it, the service gives the filesystem up by itself");
    }
    resource.settings = std::move(settings);
}

// SIGTERM, TERM or 15
int readSignal(TableReader& reader, int otherwise) {
    if (!reader.has("stop_signal")) return otherwise;
    return reader.choice<int>("stop_signal",
                              {{"SIGTERM", SIGTERM},
                               {"SIGINT", SIGINT},
                               {"SIGQUIT", SIGQUIT},
                               {"SIGHUP", SIGHUP},
                               {"SIGUSR1", SIGUSR1},
                               {"SIGUSR2", SIGUSR2},
                               {"SIGWINCH", SIGWINCH},
                               {"SIGKILL", SIGKILL}},
                              otherwise);
}

void readProcess(TableReader& reader, Draft& draft, model::ResourceSetup& resource) {
    model::ProcessSettings settings;
    settings.command = readCommand(reader, "command", true).value_or(std::vector<std::string>{});
    settings.user = readUser(reader, "");
    if (const auto directory = reader.text("directory"); directory && checkPath(reader, "directory", *directory))
        settings.workingDirectory = *directory;
    if (const toml::table* environment = reader.table("environment")) {
        TableReader inner(*environment, reader.subject() + ", environment", draft.problems);
        if (environment->size() > maxWords)
            reader.wrong("environment", "has more than " + std::to_string(maxWords) + " entries",
                         "put them into a file that the program reads");
        for (auto&& [key, value] : *environment) {
            const std::string name(key.str());
            const bool plain =
                !name.empty() && name.find('=') == std::string::npos && name.find('\0') == std::string::npos;
            if (!plain)
                draft.problems.error(placeOf(value), "environment", name,
                                     inner.subject() + ": " + inQuotes(name) + " can't be a name",
                                     "use letters, digits and '_'");
            const auto* text = value.as_string();
            if (text && text->get().empty())
                settings.environment[name] = "";
            else if (const auto content = inner.text(name); content && plain)
                settings.environment[name] = *content;
        }
    }
    settings.ready = readProbe(reader, "ready", false, draft);
    if (reader.has("health")) settings.health = readHealth(reader, {}, true, draft);
    settings.stopSignal = readSignal(reader, settings.stopSignal);
    resource.settings = std::move(settings);
}

void readCommandResource(TableReader& reader, model::ResourceSetup& resource) {
    model::CommandSettings settings;
    settings.start = readCommand(reader, "start", true).value_or(std::vector<std::string>{});
    settings.stop = readCommand(reader, "stop", true).value_or(std::vector<std::string>{});
    settings.monitor = readCommand(reader, "monitor", false).value_or(std::vector<std::string>{});
    settings.interval = reader.milliseconds("interval_ms", 100ms, 1h, settings.interval);
    if (reader.has("interval_ms") && !reader.has("monitor"))
        reader.wrong("interval_ms", "stands without monitor", "add monitor = [\"...\"] or remove it");
    settings.lsb = reader.choice<bool>("exit_codes", {{"ocf", false}, {"lsb", true}}, false);
    if (settings.lsb && !reader.has("monitor"))
        reader.wrong("exit_codes", "stands without monitor",
                     "add monitor = [\"/etc/init.d/NAME\", \"status\"] or remove it");
    settings.user = readUser(reader, "");
    resource.settings = std::move(settings);
}

// A value of a table of settings, as the agent reads it from its environment: texts, numbers and truths.
std::optional<std::string> asWord(const toml::node& value) {
    if (const auto* text = value.as_string()) return text->get();
    if (const auto* number = value.as_integer()) return std::to_string(number->get());
    if (const auto* truth = value.as_boolean()) return truth->get() ? "true" : "false";
    return {};
}

void readOcfParameters(TableReader& reader, Draft& draft, model::OcfSettings& settings) {
    const toml::table* parameters = reader.table("parameters");
    if (!parameters) return;
    if (parameters->size() > maxWords)
        return reader.wrong("parameters", "has more than " + std::to_string(maxWords) + " entries",
                            "write those that differ from the agent's defaults");
    for (auto&& [key, value] : *parameters) {
        const std::string name(key.str());
        const Place at = placeOf(value);
        const auto problem = [&](const std::string& text, const std::string& remedy) {
            draft.problems.error(at, "parameters", name,
                                 reader.subject() + ", parameters: " + inQuotes(name) + text, remedy);
        };
        const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char each) {
            return std::isalnum(each) != 0 || each == '_' || each == '-';
        });
        const std::optional<std::string> word = asWord(value);
        if (!plain || name.starts_with("CRM_meta_"))
            problem(" is no name of a parameter", "`dyad agent describe` shows the agent's own");
        else if (!word)
            problem(" is neither a text nor a number nor true or false", "write it in quotes, as the agent wants it");
        else if (word->size() > maxTextLength || word->find('\0') != std::string::npos)
            problem(" has a value that no program can be given", "write at most " + std::to_string(maxTextLength) + " bytes");
        else
            settings.parameters[name] = *word;
    }
}

void readOcf(TableReader& reader, Draft& draft, const std::string& type, model::ResourceSetup& resource) {
    model::OcfSettings settings;
    const std::string rest = type.substr(ocfPrefix.size());
    const std::size_t colon = rest.find(':');
    settings.provider = rest.substr(0, colon);
    settings.agent = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (!isName(settings.provider) || !isName(settings.agent))
        reader.wrong("type", "does not name an agent",
                     "write ocf:PROVIDER:AGENT, such as \"ocf:heartbeat:nginx\"; `dyad agent list` shows those of this host");
    readOcfParameters(reader, draft, settings);
    settings.interval = reader.milliseconds("interval_ms", 100ms, 1h, settings.interval);
    settings.monitorTimeout = reader.seconds("monitor_timeout_s", 100ms, 1h, settings.monitorTimeout);
    settings.checkLevel = static_cast<unsigned>(reader.number("check_level", 0, 100, settings.checkLevel));
    resource.settings = std::move(settings);
}

} // namespace

std::string readUser(TableReader& reader, const std::string& otherwise) {
    const auto user = reader.text("user");
    if (!user) return otherwise;
    if (isName(*user) || (user->front() == '_' && user->size() > 1 && isName(user->substr(1)))) return *user;
    reader.wrong("user", "is not the name of a user", "write the name as /etc/passwd has it");
    return otherwise;
}

void readResourceSettings(TableReader& reader, Draft& draft, const std::string& type, model::ResourceSetup& resource,
                          ResourceDraft& places, bool& mayFinish) {
    if (type == "filesystem")
        readFilesystem(reader, draft, resource, places);
    else if (type == "process")
        readProcess(reader, draft, resource);
    else if (type == "command")
        readCommandResource(reader, resource);
    else if (type == "postgresql")
        readPostgresql(reader, draft, resource, places);
    else if (type == "mariadb")
        readMariadb(reader, draft, resource, places);
    else if (type == "address")
        readAddress(reader, draft, resource, places);
    else if (type == "alias")
        readAlias(reader, draft, resource, places);
    else if (type == "pool")
        readPool(reader, draft, resource, places);
    else if (type.starts_with(ocfPrefix))
        readOcf(reader, draft, type, resource);
    else if (type.starts_with(systemdPrefix))
        readSystemd(reader, type, resource);
    else {
        mayFinish = false;
        resource.settings = model::CommandSettings{};
        reader.wrong("type", "is no type of resource", suggestion(type, knownTypes));
    }
}

} // namespace dyad::config
