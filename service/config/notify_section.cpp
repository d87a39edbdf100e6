// SPDX-License-Identifier: Apache-2.0
// [[notify]]: how people are told of alarms.
#include "config/addresses.h"
#include "config/sections.h"

#include <algorithm>
#include <set>

namespace dyad::config {

namespace {

// What stands on a command line or in a header: no white space, no '<', no ','.
bool isMailAddress(std::string_view text) {
    const std::size_t at = text.find('@');
    return at != 0 && at != std::string_view::npos && at + 1 < text.size() &&
           std::none_of(
               text.begin(), text.end(),
               [](char each) { return each <= ' ' || each > 0x7e || each == '<' || each == '>' || each == ','; }) &&
           !text.starts_with('-');
}

void checkMailAddress(TableReader& reader, std::string_view key, const std::string& text) {
    if (!isMailAddress(text))
        reader.wrong(key, "has " + inQuotes(text) + ", which is no mail address", "write \"admin@example.com\"");
}

std::string readFile(TableReader& reader, std::string_view key, bool required, std::string_view example) {
    const auto file = reader.text(key);
    if (!file && required && !reader.has(key)) reader.missing(key, example);
    return file && checkPath(reader, key, *file) ? *file : std::string();
}

model::MailChannel readMail(TableReader& reader) {
    model::MailChannel mail;
    if (const auto server = reader.requiredText("server", "server = \"smtp://mail.example.com:587\"")) {
        mail.server = *server;
        if (!isUrl(mail.server, {"smtp", "smtps"}))
            reader.wrong("server", "is no mail server",
                         "write \"smtp://mail.example.com:587\" or \"smtps://mail.example.com:465\"");
    }
    if (const auto from = reader.requiredText("from", "from = \"dyad@example.com\"")) {
        mail.from = *from;
        checkMailAddress(reader, "from", mail.from);
    }
    const auto to = reader.words("to");
    if (!to && !reader.has("to")) reader.missing("to", "to = [\"admin@example.com\"]");
    if (to && (to->empty() || to->size() > model::maxMailRecipients))
        reader.wrong("to", "must name 1 to " + std::to_string(model::maxMailRecipients) + " people",
                     "write to = [\"admin@example.com\"]");
    for (const Word& each : to.value_or(std::vector<Word>())) {
        checkMailAddress(reader, "to", each.text);
        mail.to.push_back(each.text);
    }
    mail.user = reader.text("user").value_or("");
    mail.passwordFile =
        readFile(reader, "password_file", !mail.user.empty(), "password_file = \"/etc/dyad/mail.password\"");
    if (mail.user.empty() && reader.has("password_file"))
        reader.wrong("password_file", "stands without user", "add user = \"dyad\"");
    mail.encrypted = reader.choice<bool>("encryption", {{"required", true}, {"none", false}}, true);
    if (!mail.encrypted && mail.server.starts_with("smtps:"))
        reader.wrong("encryption", "contradicts smtps://", "write server = \"smtp://...\", or leave the key out");
    if (!mail.encrypted && !mail.user.empty())
        reader.wrong("encryption", "would send the password in the clear",
                     "leave the key out, or user and password_file");
    mail.authority = readFile(reader, "authority", false, "");
    return mail;
}

model::WebhookChannel readWebhook(TableReader& reader) {
    model::WebhookChannel webhook;
    if (const auto url = reader.requiredText("url", "url = \"https://chat.example.com/hooks/dyad\"")) {
        webhook.url = *url;
        if (!isUrl(webhook.url, {"http", "https"}))
            reader.wrong("url", "is not the address of a page", "write \"https://chat.example.com/hooks/dyad\"", false);
    }
    webhook.secretFile = readFile(reader, "secret_file", false, "");
    webhook.authority = readFile(reader, "authority", false, "");
    return webhook;
}

model::SnmpChannel readSnmp(TableReader& reader) {
    constexpr std::uint16_t trapPort = 162; // RFC 3417, 3
    model::SnmpChannel snmp;
    if (const auto receiver = reader.requiredText("receiver", "receiver = \"10.77.0.9:162\"")) {
        const auto endpoint = parseEndpoint(*receiver, trapPort);
        if (!endpoint)
            reader.wrong("receiver", "is not an address",
                         "write \"10.77.0.9\", \"10.77.0.9:162\" or \"[fd00::9]:162\"");
        else
            snmp.receiver = endpoint->text();
    }
    snmp.user = reader.text("user").value_or("");
    const bool three = reader.has("user");
    if (three && reader.has("community_file"))
        reader.wrong("community_file", "stands beside user",
                     "keep user with authentication_file (SNMPv3), or community_file (SNMPv2c)");
    snmp.communityFile = readFile(reader, "community_file", !three, "community_file = \"/etc/dyad/snmp.community\"");
    snmp.authenticationFile =
        readFile(reader, "authentication_file", three, "authentication_file = \"/etc/dyad/snmp.authentication\"");
    snmp.privacyFile = readFile(reader, "privacy_file", false, "");
    for (const char* key : {"authentication_file", "privacy_file"})
        if (!three && reader.has(key)) reader.wrong(key, "stands without user", "add user = \"dyad\" (SNMPv3)");
    snmp.acknowledged = reader.choice<bool>("kind", {{"inform", true}, {"trap", false}}, true);
    if (three && !snmp.acknowledged)
        reader.wrong("kind", "is not to be had with SNMPv3 here: receivers would have to know this host's engine",
                     "leave the key out: an inform is confirmed by the receiver");
    return snmp;
}

} // namespace

void readNotify(TableReader& root, Draft& draft) {
    std::set<std::string> names;
    std::size_t number = 0;
    for (const toml::table* table : root.tables("notify", model::maxNotifyChannels)) {
        TableReader reader(*table, "notify number " + std::to_string(++number), draft.problems);
        model::NotifySetup setup;
        setup.name = readName(reader, "admins");
        if (!setup.name.empty()) {
            reader.setSubject("notify " + inQuotes(setup.name));
            if (!names.insert(setup.name).second)
                reader.wrong("name", "is used twice", "give every channel a name of its own");
        }
        using model::Severity;
        setup.least = reader.choice<Severity>(
            "least",
            {{"information", Severity::Information}, {"warning", Severity::Warning}, {"critical", Severity::Critical}},
            Severity::Warning);
        enum class Type : std::uint8_t { None, Mail, Webhook, Snmp, Script };
        if (!reader.has("type")) reader.missing("type", "type = \"mail\"");
        bool mayFinish = true;
        switch (reader.choice<Type>(
            "type", {{"mail", Type::Mail}, {"webhook", Type::Webhook}, {"snmp", Type::Snmp}, {"script", Type::Script}},
            Type::None)) {
        case Type::Mail: setup.way = readMail(reader); break;
        case Type::Webhook: setup.way = readWebhook(reader); break;
        case Type::Snmp: setup.way = readSnmp(reader); break;
        case Type::Script: {
            model::ScriptChannel script;
            if (const auto command = readCommand(reader, "command", true)) script.command = *command;
            setup.way = std::move(script);
            break;
        }
        case Type::None: mayFinish = false; break; // its keys can't be judged
        }
        if (mayFinish) reader.finish();
        draft.configuration.notify.push_back(std::move(setup));
    }
}

} // namespace dyad::config
