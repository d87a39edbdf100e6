// SPDX-License-Identifier: Apache-2.0
// How a notice leaves this host: as a program with its arguments. What is not a script of the operator's goes by
// dyad-notify, so that the code and memory of mail, TLS and SNMP stay out of the service, and what hangs can be killed.
#pragma once

#include "model/configuration.h"

#include <string>
#include <vector>

namespace dyad::alarms {

struct ChannelCommand {
    std::vector<std::string> words;       // nothing secret among them, only the files that hold it
    std::vector<std::string> environment; // "NAME=value"
};

// `noticeFile` holds the notice as toJson() writes it; `program` is dyad-notify.
[[nodiscard]] ChannelCommand commandOf(const model::NotifySetup& setup, const std::string& noticeFile,
                                       const std::string& program);
// "mail to admin@example.com", "webhook https://…", "SNMP 10.77.0.9:162", "script /usr/local/bin/lamp"
[[nodiscard]] std::string describe(const model::NotifySetup& setup);
[[nodiscard]] const char* typeOf(const model::NotifySetup& setup); // the word in the file

} // namespace dyad::alarms
