// SPDX-License-Identifier: Apache-2.0
// The keys of the two presets for databases.
#include "config/addresses.h"
#include "config/sections.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sys/un.h>

namespace dyad::config {

namespace {

void readDataDirectory(TableReader& reader, ResourceDraft& places, const char* example, std::string& directory) {
    const auto data = reader.requiredText("data", example);
    if (!data) return;
    places.subjectAt = reader.place("data");
    if (checkPath(reader, "data", *data)) directory = *data;
}

// A path of its own key, where one is written.
void readPathInto(TableReader& reader, const char* key, std::string& path) {
    if (const auto text = reader.text(key); text && checkPath(reader, key, *text)) path = *text;
}

// `check` is how deep the preset's own check looks, `health` its times, or another probe in its place.
void readDatabaseCheck(TableReader& reader, Draft& draft, model::HealthCheck& health, model::CheckDepth& depth) {
    using model::CheckDepth;
    health = readHealth(reader, health, false, draft);
    const bool another = !(health.probe == model::Probe(model::SqlProbe{}));
    if (another && reader.has("check"))
        reader.wrong("check", "stands beside a probe in health, which is asked in its place", "keep one of them");
    depth = reader.choice<CheckDepth>(
        "check", {{"port", CheckDepth::Port}, {"select", CheckDepth::Select}, {"write", CheckDepth::Write}}, depth);
}

// --- MariaDB's options -------------------------------------------------------------------------------------------

constexpr std::size_t leastAbbreviation = 4; // the server takes the beginning of a name for the whole

// As the server compares names: case and the kind of dash don't count, nor what may stand in front.
struct ServerOption {
    std::string name;
    std::string value;
    bool takenBack = false; // skip-NAME, disable-NAME

    explicit ServerOption(const std::string& text) {
        const std::size_t equals = text.find('=');
        const auto lowered = [](std::string word, bool dashes) {
            std::transform(word.begin(), word.end(), word.begin(), [dashes](unsigned char each) {
                return dashes && each == '-' ? '_' : static_cast<char>(std::tolower(each));
            });
            return word;
        };
        name = lowered(text.substr(0, equals), true);
        if (equals != std::string::npos) value = lowered(text.substr(equals + 1), false);
        for (const std::string_view prefix : {"loose_", "autoset_", "maximum_", "enable_", "skip_", "disable_"}) {
            if (!name.starts_with(prefix)) continue;
            takenBack = takenBack || prefix == "skip_" || prefix == "disable_";
            name.erase(0, prefix.size());
        }
    }
    [[nodiscard]] bool is(std::string_view whole) const {
        return name == whole || (name.size() >= leastAbbreviation && whole.starts_with(name));
    }
    [[nodiscard]] bool isOff() const {
        return takenBack || value == "0" || value == "off" || value == "false" || value == "no";
    }
};

// The key of this file that says the same; empty: none.
std::string keyFor(const ServerOption& option) {
    struct Pair {
        const char* name;
        const char* key;
    };
    static constexpr std::array pairs{Pair{"datadir", "data"},
                                      Pair{"socket", "socket"},
                                      Pair{"pid_file", "socket"},
                                      Pair{"port", "port"},
                                      Pair{"user", "user"},
                                      Pair{"bind_address", "bind_address"},
                                      Pair{"defaults_file", "defaults"},
                                      Pair{"defaults_extra_file", "defaults"},
                                      Pair{"defaults_group_suffix", "defaults"},
                                      Pair{"no_defaults", "defaults"}};
    for (const Pair& pair : pairs)
        if (option.is(pair.name)) return pair.key;
    return {};
}

// These would make a commit that a client has seen acknowledged disappear with the host. sync_binlog is one of them:
// after a crash a transaction that the binary log has lost is rolled back.
bool losesCommits(const ServerOption& option) {
    if (option.name == "innodb") return false;
    if (option.is("innodb_flush_log_at_trx_commit")) return option.value != "1" && option.value != "3";
    if (option.is("sync_binlog")) return option.value != "1";
    if (option.is("innodb_doublewrite")) return option.isOff();
    if (option.is("innodb_flush_method"))
        return option.value == "nosync" || option.value == "littlesync" || option.value == "o_direct_no_fsync";
    return option.is("debug_no_sync") && !option.isOff();
}

void readServerOptions(TableReader& reader, Draft& draft, std::vector<std::string>& options) {
    const auto words = reader.words("options");
    if (!words) return;
    for (const Word& word : *words) {
        const auto problem = [&](const std::string& text, const std::string& remedy) {
            draft.problems.error(word.at, "options", word.text,
                                 reader.subject() + ": option " + inQuotes(word.text) + text, remedy);
        };
        const std::string name = word.text.substr(0, word.text.find('='));
        const bool plain = !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
                           std::all_of(name.begin(), name.end(), [](unsigned char each) {
                               return std::isalnum(each) != 0 || each == '_' || each == '-';
                           });
        const ServerOption option(word.text);
        if (!plain)
            problem(" is no name, or name=value",
                    "write it without dashes in front: \"innodb_buffer_pool_size=1G\" or \"skip-name-resolve\"");
        else if (const std::string key = keyFor(option); !key.empty())
            problem(" has a key of its own", "write it as " + key + " = ...");
        else if (losesCommits(option))
            problem(": acknowledged commits could be lost in a takeover", "remove the option");
        else
            options.push_back(word.text);
    }
}

void readBindAddress(TableReader& reader, std::string& address) {
    const auto text = reader.text("bind_address");
    if (!text) return;
    const auto parsed = parseAddress(*text);
    if (*text == "*")
        address = "*";
    else if (parsed && parsed->zone.empty())
        address = parsed->text;
    else
        reader.wrong("bind_address", "is no numeric address", "write \"*\" for all, or one such as \"127.0.0.1\"");
}

} // namespace

void readPostgresql(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    model::PostgresqlSettings settings;
    readDataDirectory(reader, places, "data = \"/srv/erp/postgresql\"", settings.dataDirectory);
    readPathInto(reader, "binaries", settings.binaryDirectory);
    settings.user = readUser(reader, settings.user);
    if (settings.user == "root")
        reader.wrong("user", "is refused by PostgreSQL", "write the user that owns the data, usually \"postgres\"");
    settings.port = static_cast<std::uint16_t>(reader.number("port", 1, 65535, settings.port));
    readPathInto(reader, "socket_directory", settings.socketDirectory);
    if (const auto options = reader.words("options")) {
        for (const Word& option : *options) {
            if (const std::size_t equals = option.text.find('='); equals == std::string::npos || equals == 0)
                draft.problems.error(option.at, "options", option.text,
                                     reader.subject() + ": option " + inQuotes(option.text) + " is not name=value",
                                     "write it as \"shared_buffers=1GB\"");
            settings.options.push_back(option.text);
        }
    }
    if (const auto database = reader.text("database")) settings.probeDatabase = *database;
    readDatabaseCheck(reader, draft, settings.health, settings.check);
    resource.settings = std::move(settings);
}

void readMariadb(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    model::MariadbSettings settings;
    readDataDirectory(reader, places, "data = \"/srv/erp/mysql\"", settings.dataDirectory);
    readPathInto(reader, "program", settings.program);
    readPathInto(reader, "defaults", settings.defaultsFile);
    settings.user = readUser(reader, settings.user);
    if (settings.user == "root")
        reader.wrong("user", "is refused by MariaDB", "write the user that owns the data, usually \"mysql\"");
    settings.port = static_cast<std::uint16_t>(reader.number("port", 1, 65535, settings.port));
    readBindAddress(reader, settings.bindAddress);
    readPathInto(reader, "socket", settings.socket);
    // The pid file beside it has the same name.
    if (settings.socket.size() >= sizeof(sockaddr_un::sun_path) || !settings.socket.ends_with(".sock"))
        reader.wrong("socket", "is no name for a socket",
                     "write at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                         " bytes that end in \".sock\"");
    readServerOptions(reader, draft, settings.options);
    settings.account = reader.text("account").value_or("");
    readPathInto(reader, "password_file", settings.passwordFile);
    if (const auto database = reader.text("database")) {
        // It goes into a statement, and into the name of a folder.
        if (isName(*database) && database->find('.') == std::string::npos)
            settings.probeDatabase = *database;
        else
            reader.wrong("database", "is no plain name", "use letters, digits, '-' and '_'");
    }
    readDatabaseCheck(reader, draft, settings.health, settings.check);
    if (const auto* sql = std::get_if<model::SqlProbe>(&settings.health.probe); sql && !sql->connection.empty())
        reader.wrong("health", "has a probe sql, which asks a PostgreSQL",
                     "leave it out: check = \"select\" asks MariaDB", false);
    resource.settings = std::move(settings);
}

} // namespace dyad::config
