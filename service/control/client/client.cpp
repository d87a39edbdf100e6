// SPDX-License-Identifier: Apache-2.0
#include "control/client/client.h"

#include "control/protocol/object_reader.h"
#include "control/protocol/order_table.h"
#include "control/protocol/paths.h"

#include <QUrlQuery>
#include <QUuid>

#include <memory>

namespace dyad::control {
namespace {

QUrl at(const QUrl& base, const QString& path) {
    QUrl url(base);
    url.setPath(path, QUrl::TolerantMode);
    return url;
}

Result<QJsonObject> asItIs(const QJsonObject& object) { return object; }

template <typename Value>
Reply<Value> parsed(QNetworkReply* reply, Result<Value> (*parse)(const QJsonObject&)) {
    if (const std::optional<Failure> failure = PinnedNetwork::failureOf(reply)) return *failure;
    const Result<QJsonObject> object = objectFromBytes(reply->readAll(), reply->url().toString().toStdString());
    if (!object) return Failure{Failure::Kind::Unreadable, object.error()};
    const Result<Value> value = parse(object.value());
    if (!value) return Failure{Failure::Kind::Unreadable, value.error()};
    return value.value();
}

} // namespace

// One round over all URLs.
struct Client::Search {
    std::size_t next = 0;
    std::size_t open = 0;
    bool done = false;
    std::optional<Failure> first;
    std::vector<QPointer<QNetworkReply>> replies;
    WhenReplied<model::ClusterView> replied;

    void finish(const Reply<model::ClusterView>& reply) {
        if (done) return;
        done = true;
        for (const auto& each : replies)
            if (each) each->abort();
        replied(reply);
    }
};

Client::Client(ClientSettings settings, QObject* parent)
    : QObject(parent), m_settings(std::move(settings)), m_network(m_settings.pin, m_settings.token) {}

void Client::fetchState(WhenReplied<model::ClusterView> replied) {
    auto search = std::make_shared<Search>();
    search->replied = std::move(replied);
    if (m_settings.urls.empty()) {
        QTimer::singleShot(0, this,
                           [search] { search->finish(unreachable({}, QStringLiteral("no address is known"))); });
        return;
    }
    tryNext(search);
}

void Client::tryNext(const std::shared_ptr<Search>& search) {
    if (search->done || search->next >= m_settings.urls.size()) return;
    const QUrl base = m_settings.urls[search->next++];
    QNetworkReply* reply = m_network.get(at(base, QString::fromLatin1(path::state)));
    search->replies.emplace_back(reply);
    ++search->open;
    QTimer::singleShot(wholeMilliseconds(m_settings.answer), reply, &QNetworkReply::abort);
    QTimer::singleShot(wholeMilliseconds(m_settings.tryNext), this, [this, search, mine = search->next] {
        if (search->next == mine) tryNext(search); // else a failure has been quicker
    });
    connect(reply, &QNetworkReply::finished, this, [this, search, reply, base] {
        reply->deleteLater();
        --search->open;
        if (search->done) return;
        const Reply<model::ClusterView> answer = parsed(reply, &viewFromJson);
        if (answer.ok()) m_current = base;
        if (answer.ok() || answer.failure().kind == Failure::Kind::Refused) return search->finish(answer);
        if (!search->first) search->first = answer.failure();
        if (search->next < m_settings.urls.size())
            tryNext(search);
        else if (search->open == 0)
            search->finish(*search->first);
    });
}

void Client::whenFound(std::function<void()> then, std::function<void(const Failure&)> otherwise) {
    if (!m_current.isEmpty()) return then();
    fetchState([then = std::move(then), otherwise = std::move(otherwise)](const Reply<model::ClusterView>& reply) {
        if (reply.ok())
            then();
        else
            otherwise(reply.failure());
    });
}

template <typename Value>
void Client::ask(QNetworkReply* reply, Result<Value> (*parse)(const QJsonObject&), WhenReplied<Value> replied) {
    QTimer::singleShot(wholeMilliseconds(m_settings.answer), reply, &QNetworkReply::abort);
    connect(reply, &QNetworkReply::finished, this, [reply, parse, replied = std::move(replied)] {
        reply->deleteLater();
        replied(parsed(reply, parse));
    });
}

void Client::fetchJournal(std::uint64_t after, std::size_t limit, WhenReplied<JournalPage> replied) {
    whenFound(
        [this, after, limit, replied] {
            QUrl url = at(m_current, QString::fromLatin1(path::journal));
            url.setQuery(QStringLiteral("after=%1&limit=%2").arg(after).arg(limit));
            ask(m_network.get(url), &journalPageFromJson, replied);
        },
        [replied](const Failure& failure) { replied(failure); });
}

void Client::order(const model::Order& order, WhenReplied<model::OrderAnswer> replied) {
    post(pathOf(order), bodyOf(order), std::move(replied));
}

void Client::post(const QString& target, const QByteArray& body, WhenReplied<model::OrderAnswer> replied) {
    whenFound(
        [this, target, body, replied] {
            // The key tells a repeat apart from a second order, should the answer be lost on its way.
            const QByteArray key = QUuid::createUuid().toByteArray(QUuid::WithoutBraces);
            ask(m_network.send("POST", at(m_current, target), body, {{"Idempotency-Key", key}}), &orderAnswerFromJson,
                replied);
        },
        [replied](const Failure& failure) { replied(failure); });
}

void Client::preview(const model::Order& order, WhenReplied<QJsonObject> replied) {
    whenFound(
        [this, order, replied] {
            QUrlQuery query;
            query.addQueryItem(QStringLiteral("kind"), QString::fromLatin1(toText(order.kind)));
            for (const auto& [name, value] : {std::pair{"group", order.group}, std::pair{"node", order.node},
                                              std::pair{"resource", order.resource}})
                if (!value.empty())
                    query.addQueryItem(QLatin1String(name),
                                       QString::fromLatin1(QUrl::toPercentEncoding(QString::fromStdString(value))));
            QUrl url = at(m_current, QString::fromLatin1(path::preview));
            url.setQuery(query);
            ask(m_network.get(url), &asItIs, replied);
        },
        [replied](const Failure& failure) { replied(failure); });
}

} // namespace dyad::control
