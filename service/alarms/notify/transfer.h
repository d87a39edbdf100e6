// SPDX-License-Identifier: Apache-2.0
// Mail and webhook, by libcurl. Everything here blocks, for transferPatience at most.
#pragma once

#include "alarms/notice.h"

#include <chrono>
#include <string>
#include <vector>

namespace dyad::alarms {

inline constexpr std::chrono::seconds transferPatience{15};

struct MailWay {
    std::string server; // smtp://host[:port], smtps://host[:port]
    std::string from;
    std::vector<std::string> to;
    std::string user;
    std::string passwordFile;
    std::string authority; // PEM; empty: those that the host trusts
    bool plain = false;    // smtp:// also without STARTTLS
};

// SMTP (RFC 5321) with STARTTLS or TLS, and AUTH where a user is named. Error: what the server said.
[[nodiscard]] Result<void> sendMail(const MailWay& way, const Notice& notice);

struct WebhookWay {
    std::string url;
    std::string secretFile;
    std::string authority;
};

// POST of the notice as JSON. With a secret the header X-Dyad-Signature is "sha256=" and the hexadecimal HMAC-SHA-256
// (RFC 2104) of the body. Delivered: any status 2xx; nothing is followed to another place.
[[nodiscard]] Result<void> callWebhook(const WebhookWay& way, const Notice& notice);

} // namespace dyad::alarms
