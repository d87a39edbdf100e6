// SPDX-License-Identifier: Apache-2.0
#include "cli/both_nodes.h"

#include "control/protocol/object_reader.h"

#include <QEventLoop>
#include <QPointer>
#include <QTimer>

#include <chrono>

namespace dyad::cli {

namespace {
constexpr Duration tryNext = 400ms; // no answer over one address yet: the next is tried beside it
} // namespace

Instant steadyNow() {
    return Instant::fromNanoseconds(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

struct BothNodes::Node {
    Node(const NodeAccess& access, const Access& all)
        : name(access.node), urls(access.urls), network(all.pin, all.token) {}
    std::string name;
    std::vector<QUrl> urls; // the one that answered last, first
    control::PinnedNetwork network;
};

struct BothNodes::Question {
    Node* node = nullptr;
    QString target;
    NodeAnswer answer;
    std::vector<QPointer<QNetworkReply>> replies;
    std::vector<QUrl> urls;
    std::size_t next = 0;
    std::size_t open = 0;
    bool done = false;
    std::function<void()> finished;

    void finish() {
        if (done) return;
        done = true;
        for (const auto& reply : replies)
            if (reply) reply->abort();
        finished();
    }
};

BothNodes::BothNodes(const Access& access) {
    for (const NodeAccess& node : access.nodes)
        m_nodes.push_back(std::make_unique<Node>(node, access));
}
BothNodes::~BothNodes() = default;

std::vector<NodeAnswer> BothNodes::ask(const QString& target, Duration howLong) {
    return ask([&](std::size_t) { return target; }, howLong);
}

std::vector<NodeAnswer> BothNodes::ask(const std::function<QString(std::size_t)>& target, Duration howLong) {
    QEventLoop loop;
    std::size_t open = 0;
    std::vector<std::shared_ptr<Question>> questions;
    for (std::size_t i = 0; i < m_nodes.size(); ++i) {
        auto question = std::make_shared<Question>();
        question->node = m_nodes[i].get();
        question->target = target(i);
        question->answer.node = m_nodes[i]->name;
        question->urls = m_nodes[i]->urls;
        question->done = question->target.isEmpty() || question->urls.empty();
        if (!question->done) ++open;
        question->finished = [&loop, &open] {
            if (--open == 0) loop.quit();
        };
        questions.push_back(std::move(question));
    }
    for (const auto& question : questions)
        if (!question->done) tryUrl(question, question->next++);
    QTimer::singleShot(wholeMilliseconds(howLong), &loop, [&] {
        for (const auto& question : questions) {
            if (question->done) continue;
            if (question->answer.trouble.empty()) question->answer.trouble = "no answer within " + toText(howLong);
            question->finish();
        }
    });
    if (open > 0) loop.exec();
    std::vector<NodeAnswer> answers;
    for (const auto& question : questions)
        answers.push_back(question->answer);
    return answers;
}

NodeAnswer BothNodes::post(std::size_t node, const QString& target, const QByteArray& body, Duration howLong) {
    Node& to = *m_nodes.at(node);
    NodeAnswer answer;
    answer.node = to.name;
    if (to.urls.empty()) return answer;
    QUrl url = to.urls.front();
    url.setPath(target, QUrl::TolerantMode);
    answer.sent = steadyNow();
    QEventLoop loop;
    QNetworkReply* reply = to.network.post(url, body);
    QTimer::singleShot(wholeMilliseconds(howLong), reply, &QNetworkReply::abort);
    QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    answer.received = steadyNow();
    answer.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    answer.body = reply->readAll();
    if (answer.status == 0) answer.trouble = reply->errorString().toStdString();
    if (const Result<QJsonObject> object = control::objectFromBytes(answer.body, "the answer"); object)
        answer.object = object.value();
    answer.answered = answer.status != 0;
    reply->deleteLater();
    return answer;
}

void BothNodes::tryUrl(const std::shared_ptr<Question>& question, std::size_t url) {
    if (question->done || url >= question->urls.size()) return;
    const QUrl base = question->urls[url];
    QUrl whole = base;
    const qsizetype mark = question->target.indexOf(QLatin1Char('?'));
    whole.setPath(mark < 0 ? question->target : question->target.left(mark), QUrl::TolerantMode);
    if (mark >= 0) whole.setQuery(question->target.mid(mark + 1));
    QNetworkReply* reply = question->node->network.get(whole);
    question->replies.emplace_back(reply);
    ++question->open;
    const Instant sent = steadyNow();
    const auto another = [this, question] {
        if (!question->done && question->next < question->urls.size()) tryUrl(question, question->next++);
    };
    QTimer::singleShot(wholeMilliseconds(tryNext), reply, [another] { another(); });
    QObject::connect(reply, &QNetworkReply::finished, reply, [question, reply, base, sent, another] {
        const Instant received = steadyNow();
        reply->deleteLater();
        --question->open;
        if (question->done) return;
        NodeAnswer& answer = question->answer;
        const auto failure = control::PinnedNetwork::failureOf(reply);
        if (failure && failure->kind != control::Failure::Kind::Refused) {
            if (answer.trouble.empty())
                answer.trouble = failure->error.cameBack.empty() ? failure->error.text() : failure->error.cameBack;
            if (question->next < question->urls.size()) return another();
            if (question->open == 0) question->finish();
            return;
        }
        answer.sent = sent;
        answer.received = received;
        answer.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
        std::erase(question->node->urls, base);
        question->node->urls.insert(question->node->urls.begin(), base);
        if (failure) {
            answer.trouble = failure->error.text();
            return question->finish();
        }
        answer.answered = true;
        answer.trouble.clear();
        answer.body = reply->readAll();
        if (reply->header(QNetworkRequest::ContentTypeHeader)
                .toString()
                .startsWith(QLatin1String("application/json"))) {
            const Result<QJsonObject> object = control::objectFromBytes(answer.body, base.toString().toStdString());
            if (object) {
                answer.object = object.value();
            } else {
                answer.answered = false;
                answer.trouble = object.error().text();
            }
        }
        question->finish();
    });
}

} // namespace dyad::cli
