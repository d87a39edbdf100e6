// SPDX-License-Identifier: Apache-2.0
#include "cli/service_post.h"

#include "control/client/pinned_network.h"
#include "control/protocol/object_reader.h"

#include <QEventLoop>

namespace dyad::cli {

PostAnswer postToService(const Access& access, const QString& target, const QJsonObject& body, Duration patience) {
    PostAnswer answer;
    QEventLoop loop;
    control::Client finder(access.all());
    std::optional<control::Failure> nobody;
    finder.fetchState([&](const control::Reply<model::ClusterView>& reply) {
        if (!reply.ok()) nobody = reply.failure();
        loop.quit();
    });
    loop.exec();
    if (nobody) {
        answer.failure = *nobody;
        return answer;
    }
    answer.node = access.nodeOf(finder.current()).node;
    QUrl url = finder.current();
    url.setPath(target, QUrl::TolerantMode);
    control::PinnedNetwork network(access.pin, access.token);
    QNetworkReply* reply = network.post(url, control::toLine(body));
    QTimer::singleShot(std::chrono::ceil<std::chrono::milliseconds>(patience), reply, &QNetworkReply::abort);
    QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    if (const auto failure = control::PinnedNetwork::failureOf(reply)) {
        answer.failure = *failure;
    } else {
        const Result<QJsonObject> object = control::objectFromBytes(reply->readAll(), url.toString().toStdString());
        if (object) {
            answer.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
            answer.object = object.value();
        } else {
            answer.failure = {control::Failure::Kind::Unreadable, object.error()};
        }
    }
    delete reply;
    return answer;
}

} // namespace dyad::cli
