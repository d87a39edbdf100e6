// SPDX-License-Identifier: Apache-2.0
#include "alarms/channel_command.h"

#include "base/overloaded.h"

namespace dyad::alarms {

namespace {

using Words = std::vector<std::string>;

void addOption(Words& words, const char* option, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(option);
    words.push_back(value);
}

Words mailWords(const model::MailChannel& mail) {
    Words words{"mail"};
    addOption(words, "--server", mail.server);
    addOption(words, "--from", mail.from);
    for (const std::string& each : mail.to)
        addOption(words, "--to", each);
    addOption(words, "--user", mail.user);
    addOption(words, "--password-file", mail.passwordFile);
    addOption(words, "--authority", mail.authority);
    if (!mail.encrypted) words.emplace_back("--plain");
    return words;
}

Words webhookWords(const model::WebhookChannel& webhook) {
    Words words{"webhook"};
    addOption(words, "--url", webhook.url);
    addOption(words, "--secret-file", webhook.secretFile);
    addOption(words, "--authority", webhook.authority);
    return words;
}

Words snmpWords(const model::SnmpChannel& snmp) {
    Words words{"snmp"};
    addOption(words, "--receiver", snmp.receiver);
    addOption(words, "--community-file", snmp.communityFile);
    addOption(words, "--user", snmp.user);
    addOption(words, "--authentication-file", snmp.authenticationFile);
    addOption(words, "--privacy-file", snmp.privacyFile);
    if (!snmp.acknowledged) words.emplace_back("--trap");
    return words;
}

} // namespace

ChannelCommand commandOf(const model::NotifySetup& setup, const std::string& noticeFile, const std::string& program) {
    ChannelCommand command{.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}};
    if (const auto* script = std::get_if<model::ScriptChannel>(&setup.way)) {
        command.words = script->command;
        command.words.push_back(noticeFile);
        return command;
    }
    command.words = std::visit(Overloaded{[](const model::MailChannel& mail) { return mailWords(mail); },
                                          [](const model::WebhookChannel& webhook) { return webhookWords(webhook); },
                                          [](const model::SnmpChannel& snmp) { return snmpWords(snmp); },
                                          [](const model::ScriptChannel&) { return Words(); }},
                               setup.way);
    command.words.insert(command.words.begin(), program);
    command.words.push_back(noticeFile);
    return command;
}

std::string describe(const model::NotifySetup& setup) {
    return std::visit(Overloaded{[](const model::MailChannel& mail) {
                                     std::string text = "mail to ";
                                     for (const std::string& each : mail.to)
                                         text += (&each == &mail.to.front() ? "" : ", ") + each;
                                     return text + " by " + mail.server;
                                 },
                                 [](const model::WebhookChannel& webhook) { return "webhook " + webhook.url; },
                                 [](const model::SnmpChannel& snmp) { return "SNMP " + snmp.receiver; },
                                 [](const model::ScriptChannel& script) { return "script " + script.command.front(); }},
                      setup.way);
}

const char* typeOf(const model::NotifySetup& setup) {
    static constexpr const char* types[] = {"mail", "webhook", "snmp", "script"};
    static_assert(std::size(types) == std::variant_size_v<decltype(setup.way)>);
    return types[setup.way.index()];
}

} // namespace dyad::alarms
