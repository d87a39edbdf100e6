// SPDX-License-Identifier: Apache-2.0
// From the command line to the addresses, the token and the certificate with which the service is asked.
#pragma once

#include "control/client/client.h"

#include <string>
#include <variant>
#include <vector>

namespace dyad::cli {

// The options that all commands share.
struct Arguments {
    bool json = false;

    // Where the service is.
    std::string configuration = "/etc/dyad/dyad.toml";
    std::string viaNode; // ask this node first; empty: the one with this host's name
    std::vector<std::string> urls;
    std::string tokenFile = "/etc/dyad/operator.token";
    std::string certificate = "/etc/dyad/tls/certificate.pem";
};

struct NodeAccess {
    std::string node; // empty where only a URL is known
    std::vector<QUrl> urls;
};

struct Access {
    std::vector<NodeAccess> nodes; // the one to ask first, first
    QByteArray token;
    QSslCertificate pin;

    [[nodiscard]] control::ClientSettings all() const;
    [[nodiscard]] control::ClientSettings only(const NodeAccess& node) const;
    [[nodiscard]] const NodeAccess& nodeOf(const QUrl& url) const; // the one that has this URL; `nodes` isn't empty
};

struct NoAccess {
    int exitCode = 0;
    std::string text;
};

// Reads small local files only.
[[nodiscard]] std::variant<Access, NoAccess> accessFrom(const Arguments& arguments);

} // namespace dyad::cli
