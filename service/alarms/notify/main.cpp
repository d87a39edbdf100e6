// SPDX-License-Identifier: Apache-2.0
// dyad-notify: tells one notice in one way, and ends. The service runs it for each notice of each channel; an
// administrator may run it by hand.
#include "alarms/notify/snmp_notification.h"
#include "alarms/notify/transfer.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>

namespace {

using dyad::Result;
using dyad::alarms::Notice;

void addFile(CLI::App* way, std::string& file) {
    way->add_option("NOTICE", file, "The file with the notice, as JSON")->required();
}

} // namespace

int main(int count, char** words) {
    CLI::App app("Tells one alarm of Dyad by mail, webhook or SNMP", "dyad-notify");
    app.require_subcommand(1);
    std::string file;
    std::function<Result<void>(const Notice&)> tell;

    dyad::alarms::MailWay mail;
    CLI::App* byMail = app.add_subcommand("mail", "Sends a mail");
    byMail->add_option("--server", mail.server, "smtp://host:port (STARTTLS) or smtps://host:port")->required();
    byMail->add_option("--from", mail.from)->required();
    byMail->add_option("--to", mail.to)->required()->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    byMail->add_option("--user", mail.user);
    byMail->add_option("--password-file", mail.passwordFile, "With mode 0600, one line");
    byMail->add_option("--authority", mail.authority, "PEM file of the certificate's authority");
    byMail->add_flag("--plain", mail.plain, "Also without encryption");
    addFile(byMail, file);
    byMail->callback([&] { tell = [&](const Notice& notice) { return sendMail(mail, notice); }; });

    dyad::alarms::WebhookWay webhook;
    CLI::App* byWebhook = app.add_subcommand("webhook", "Posts the notice to a URL");
    byWebhook->add_option("--url", webhook.url)->required();
    byWebhook->add_option("--secret-file", webhook.secretFile, "With mode 0600, one line: signs the body");
    byWebhook->add_option("--authority", webhook.authority, "PEM file of the certificate's authority");
    addFile(byWebhook, file);
    byWebhook->callback([&] { tell = [&](const Notice& notice) { return callWebhook(webhook, notice); }; });

    dyad::alarms::SnmpWay snmp;
    CLI::App* bySnmp = app.add_subcommand("snmp", "Sends an SNMP notification");
    bySnmp->add_option("--receiver", snmp.receiver, "address:port")->required();
    bySnmp->add_option("--community-file", snmp.communityFile, "SNMPv2c; with mode 0600, one line");
    bySnmp->add_option("--user", snmp.user, "SNMPv3");
    bySnmp->add_option("--authentication-file", snmp.authenticationFile);
    bySnmp->add_option("--privacy-file", snmp.privacyFile);
    bySnmp->add_flag("--trap", snmp.trap, "A trap, which nobody confirms, instead of an inform");
    addFile(bySnmp, file);
    bySnmp->callback([&] { tell = [&](const Notice& notice) { return sendSnmp(snmp, notice); }; });

    CLI11_PARSE(app, count, words);
    const Result<Notice> notice = dyad::alarms::readNotice(file);
    const Result<void> told = notice ? tell(notice.value()) : Result<void>(notice.error());
    if (told) return 0;
    std::fprintf(stderr, "%s\n", told.error().text().c_str());
    return 1;
}
