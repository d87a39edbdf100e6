// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/control_part.h"

#include "control/server/tls.h"
#include "daemon/control/node_token.h"
#include "model/link_order.h"
#include "wire/key_file.h"

#include <algorithm>

namespace dyad::daemon {
namespace {

QUrl urlOf(const std::string& address, std::uint16_t port) {
    QUrl url;
    url.setScheme(QStringLiteral("https"));
    url.setHost(QString::fromStdString(address));
    url.setPort(port);
    return url;
}

// The peer's address on each link; those on which it is heard first, by the links' preference.
std::vector<QUrl> peerUrls(const model::Configuration& configuration, model::NodeId peer,
                           const ports::HeartReport& heard) {
    std::vector<std::pair<bool, QUrl>> urls;
    for (const std::size_t i : model::linksByPreference(configuration.links))
        if (!configuration.links[i].isSerial())
            urls.emplace_back(i < heard.links.size() && heard.links[i].liveness == model::Liveness::Alive,
                          urlOf(configuration.links[i].ends[model::indexOf(peer)].address, configuration.control.port));
    std::stable_partition(urls.begin(), urls.end(), [](const auto& each) { return each.first; });
    std::vector<QUrl> ordered;
    for (const auto& each : urls)
        ordered.push_back(each.second);
    return ordered;
}

} // namespace

Result<std::unique_ptr<ControlPart>> ControlPart::make(const Setup& setup) {
    const model::Configuration& configuration = setup.configuration;
    const model::NodeId other = model::otherNode(setup.self);
    const std::string& ownName = configuration.nodes[model::indexOf(setup.self)].name;
    const std::string& peerName = configuration.nodes[model::indexOf(other)].name;
    Result<QSslConfiguration> tls = control::loadServerTls(setup.options.tlsDirectory);
    if (!tls) return tls.error();
    Result<control::TokenTable> tokens = control::loadTokens(setup.options.tokens);
    if (!tokens) return tokens.error();
    const Result<wire::ClusterKey> key = wire::loadClusterKey(setup.options.keyFile);
    if (!key) return key.error();

    auto part = std::make_unique<ControlPart>();
    part->m_peer = std::make_unique<control::PeerAccess>(control::PeerAccessSettings{
        .peerName = peerName,
        .token = nodeToken(key.value(), ownName),
        .pin = tls.value().localCertificate(), // one certificate for the pair
        .urls = [configuration, other, &heart = setup.heart] { return peerUrls(configuration, other, heart.report()); }});

    control::ServerSettings settings;
    // Every link's own address, so that the service can be asked as long as any of them lives. Never a floating address:
    // who asks means this node, not the one that happens to be active.
    for (const model::LinkSetup& link : configuration.links)
        if (!link.isSerial())
            settings.addresses.push_back(link.ends[model::indexOf(setup.self)].address);
    settings.addresses.emplace_back("127.0.0.1");
    settings.port = configuration.control.port;
    settings.tls = std::move(tls.value());
    settings.tokens = tokens.value();
    settings.version = DYAD_VERSION;
    settings.peer = part->m_peer.get();
    settings.peerToken = nodeToken(key.value(), peerName);
    part->m_server = std::make_unique<control::Server>(setup.service, std::move(settings));
    part->m_server->onTrouble = [log = setup.log](const Error& error) { log(model::Severity::Warning, error.text()); };

    part->m_tokens = std::make_unique<TokenWatch>(setup.options.tokens, tokens.value());
    part->m_tokens->onTokens = [server = part->m_server.get(), log = setup.log](control::TokenTable table) {
        log(model::Severity::Information, "the tokens file was read again: " + std::to_string(table.size()) + " tokens");
        server->setTokens(std::move(table));
    };
    constexpr const char* tokensAlarm = "control.tokens";
    part->m_tokens->onTrouble = [&alarms = setup.alarms](const Error& error) {
        alarms.raise({.id = tokensAlarm,
                      .severity = model::Severity::Warning,
                      .text = "the tokens of before are still in force: " + error.tried + " " + error.on + ": " +
                              error.cameBack,
                      .remedy = error.remedy});
    };
    part->m_tokens->onWell = [&alarms = setup.alarms] { alarms.clear(tokensAlarm); };
    return part;
}

} // namespace dyad::daemon
