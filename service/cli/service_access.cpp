// SPDX-License-Identifier: Apache-2.0
#include "cli/service_access.h"

#include "cli/exit_codes.h"
#include "config/load.h"
#include "model/link_order.h"

#include <QFile>
#include <QHostInfo>

#include <algorithm>

namespace dyad::cli {
namespace {

constexpr qint64 maxTokenBytes = 4096;

QUrl urlOf(const std::string& address, std::uint16_t port) {
    QUrl url;
    url.setScheme(QStringLiteral("https"));
    url.setHost(QString::fromStdString(address));
    url.setPort(port);
    return url;
}

std::vector<QUrl> urlsOf(const model::Configuration& configuration, std::size_t node) {
    std::vector<const model::LinkSetup*> links;
    for (const std::size_t index : model::linksByPreference(configuration.links))
        if (!configuration.links[index].isSerial()) links.push_back(&configuration.links[index]);
    // Where the file prefers none of them, the one that is called so.
    const bool none = std::all_of(links.begin(), links.end(), [&](const model::LinkSetup* link) {
        return link->priority == links.front()->priority;
    });
    if (none)
        std::stable_partition(links.begin(), links.end(),
                              [](const model::LinkSetup* link) { return link->name == "private"; });
    std::vector<QUrl> urls;
    for (const model::LinkSetup* link : links)
        urls.push_back(urlOf(link->ends[node].address, configuration.control.port));
    return urls;
}

std::variant<std::vector<NodeAccess>, NoAccess> nodesFromConfiguration(const Arguments& arguments) {
    const config::Loaded loaded = config::loadFile(arguments.configuration);
    if (!loaded.configuration) {
        std::string text;
        for (const config::Problem& problem : loaded.problems)
            text += config::toText(problem) + "\n";
        return NoAccess{exit_code::configurationInvalid,
                        text + "The service's addresses are taken from this file. Correct it (`dyad config check`), or "
                               "give --url https://ADDRESS:PORT"};
    }
    const model::Configuration& configuration = *loaded.configuration;
    const std::string wanted = arguments.viaNode.empty() ? QHostInfo::localHostName().toStdString() : arguments.viaNode;
    std::vector<NodeAccess> nodes;
    for (std::size_t i = 0; i < 2; ++i)
        nodes.push_back({configuration.nodes[i].name, urlsOf(configuration, i)});
    if (!arguments.viaNode.empty() && nodes[0].node != wanted && nodes[1].node != wanted)
        return NoAccess{exit_code::usage, "--node " + wanted + ": the configuration has no such node. Its nodes are " +
                                              nodes[0].node + " and " + nodes[1].node};
    if (nodes[1].node == wanted) std::swap(nodes[0], nodes[1]);
    return nodes;
}

std::variant<std::vector<NodeAccess>, NoAccess> nodesFromUrls(const std::vector<std::string>& texts) {
    std::vector<NodeAccess> nodes;
    for (const std::string& text : texts) {
        const QUrl url(QString::fromStdString(text), QUrl::StrictMode);
        if (!url.isValid() || url.scheme() != QLatin1String("https") || url.host().isEmpty())
            return NoAccess{exit_code::usage,
                            "--url " + text + ": this is no address of the service. Write https://ADDRESS:PORT"};
        nodes.push_back({"", {url}});
    }
    return nodes;
}

} // namespace

control::ClientSettings Access::all() const {
    control::ClientSettings settings{.token = token, .pin = pin};
    for (const NodeAccess& node : nodes)
        settings.urls.insert(settings.urls.end(), node.urls.begin(), node.urls.end());
    return settings;
}

control::ClientSettings Access::only(const NodeAccess& node) const {
    return {.urls = node.urls, .token = token, .pin = pin};
}

const NodeAccess& Access::nodeOf(const QUrl& url) const {
    const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeAccess& node) {
        return std::find(node.urls.begin(), node.urls.end(), url) != node.urls.end();
    });
    return found == nodes.end() ? nodes.front() : *found;
}

std::variant<Access, NoAccess> accessFrom(const Arguments& arguments) {
    auto nodes = arguments.urls.empty() ? nodesFromConfiguration(arguments) : nodesFromUrls(arguments.urls);
    if (auto* failed = std::get_if<NoAccess>(&nodes)) return *failed;

    QFile tokenFile(QString::fromStdString(arguments.tokenFile));
    if (!tokenFile.open(QIODevice::ReadOnly))
        return NoAccess{exit_code::failed, "read the token " + arguments.tokenFile + ": " +
                                               tokenFile.errorString().toStdString() +
                                               ". Run dyad as root, or name your own token with --token-file"};
    const QByteArray token = tokenFile.read(maxTokenBytes).trimmed();
    if (token.isEmpty() || token.contains('\n') || token.contains(' '))
        return NoAccess{exit_code::failed,
                        "read the token " + arguments.tokenFile + ": it must hold one token and nothing else"};

    const Result<QSslCertificate> pin = control::loadPin(arguments.certificate);
    if (!pin) return NoAccess{exit_code::failed, pin.error().text()};
    return Access{std::get<std::vector<NodeAccess>>(std::move(nodes)), token, pin.value()};
}

} // namespace dyad::cli
