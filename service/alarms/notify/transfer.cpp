// SPDX-License-Identifier: Apache-2.0
#include "alarms/notify/transfer.h"

#include "alarms/notify/mail_message.h"
#include "alarms/notify/secret_file.h"

#include <QDateTime>
#include <QMessageAuthenticationCode>
#include <QUuid>

#include <algorithm>
#include <cstring>
#include <curl/curl.h>
#include <memory>

namespace dyad::alarms {

namespace {

constexpr long connectPatienceMs = 8000;
constexpr std::size_t maxAnswerBytes = 64 * 1024;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

struct List {
    List() = default;
    ~List() { curl_slist_free_all(first); }
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    void add(const std::string& text) { first = curl_slist_append(first, text.c_str()); }
    curl_slist* first = nullptr;
};

struct Source {
    QByteArray bytes;
    qsizetype at = 0;
};

std::size_t give(char* place, std::size_t size, std::size_t count, void* source) {
    auto& from = *static_cast<Source*>(source);
    const auto most = static_cast<qsizetype>(size * count);
    const qsizetype now = std::min(most, from.bytes.size() - from.at);
    std::memcpy(place, from.bytes.constData() + from.at, static_cast<std::size_t>(now));
    from.at += now;
    return static_cast<std::size_t>(now);
}

// What a receiver answers is of no use but for its length: it has a bound.
std::size_t swallow(char*, std::size_t size, std::size_t count, void* total) {
    auto& seen = *static_cast<std::size_t*>(total);
    seen += size * count;
    return seen > maxAnswerBytes ? 0 : size * count;
}

struct Transfer {
    Handle handle{curl_easy_init(), &curl_easy_cleanup};
    char why[CURL_ERROR_SIZE] = {};
    std::size_t answered = 0;

    Transfer(const std::string& url, const char* protocols, const std::string& authority) {
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_PROTOCOLS_STR, protocols);
        set(CURLOPT_PROXY, ""); // the way is the one that is written
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(transferPatience).count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, connectPatienceMs);
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_ERRORBUFFER, &why[0]);
        set(CURLOPT_WRITEFUNCTION, &swallow);
        set(CURLOPT_WRITEDATA, &answered);
        if (!authority.empty()) set(CURLOPT_CAINFO, authority.c_str());
    }

    template <typename Value>
    void set(CURLoption option, Value value) {
        if (const CURLcode code = curl_easy_setopt(handle.get(), option, value);
            code != CURLE_OK && refused == CURLE_OK)
            refused = code;
    }

    Result<void> run(const char* tried, const std::string& where, const char* remedy) {
        const CURLcode code = refused != CURLE_OK ? refused : curl_easy_perform(handle.get());
        if (code == CURLE_OK) return {};
        std::string what = why[0] != '\0' ? &why[0] : curl_easy_strerror(code);
        long status = 0;
        curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
        if (status != 0) what += " (the last answer had the code " + std::to_string(status) + ")";
        return Error{tried, where, what, remedy};
    }

private:
    CURLcode refused = CURLE_OK;
};

} // namespace

Result<void> sendMail(const MailWay& way, const Notice& notice) {
    QByteArray password;
    if (!way.passwordFile.empty()) {
        Result<QByteArray> secret = readSecret(way.passwordFile);
        if (!secret) return secret.error();
        password = std::move(secret).value();
    }
    Source message{mailMessage(notice, way.from, way.to, QUuid::createUuid().toByteArray(QUuid::Id128),
                               QDateTime::currentMSecsSinceEpoch())};
    List recipients;
    for (const std::string& each : way.to)
        recipients.add(each);
    Transfer transfer(way.server, "smtp,smtps", way.authority);
    transfer.set(CURLOPT_MAIL_FROM, way.from.c_str());
    transfer.set(CURLOPT_MAIL_RCPT, recipients.first);
    transfer.set(CURLOPT_USE_SSL, static_cast<long>(way.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (!way.user.empty()) {
        transfer.set(CURLOPT_USERNAME, way.user.c_str());
        transfer.set(CURLOPT_PASSWORD, password.constData());
    }
    transfer.set(CURLOPT_READFUNCTION, &give);
    transfer.set(CURLOPT_READDATA, &message);
    transfer.set(CURLOPT_UPLOAD, 1L);
    return transfer.run("send a mail", way.server,
                        "check server, user and password of the channel, and what the server logs");
}

Result<void> callWebhook(const WebhookWay& way, const Notice& notice) {
    const QByteArray body = toJson(notice);
    List headers;
    headers.add("Content-Type: application/json");
    headers.add("User-Agent: dyad");
    headers.add("Expect:"); // the body is small: it goes at once
    if (!way.secretFile.empty()) {
        const Result<QByteArray> secret = readSecret(way.secretFile);
        if (!secret) return secret.error();
        headers.add(
            "X-Dyad-Signature: sha256=" +
            QMessageAuthenticationCode::hash(body, secret.value(), QCryptographicHash::Sha256).toHex().toStdString());
    }
    Transfer transfer(way.url, "http,https", way.authority);
    transfer.set(CURLOPT_HTTPHEADER, headers.first);
    transfer.set(CURLOPT_POSTFIELDS, body.constData());
    transfer.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    if (Result<void> sent = transfer.run("call the webhook", way.url, "check that it is there and what it logs"); !sent)
        return sent;
    long status = 0;
    curl_easy_getinfo(transfer.handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return {};
    return Error{"call the webhook", way.url, "it answered with status " + std::to_string(status),
                 "a notice counts as delivered with 2xx; look at what the receiver logs"};
}

} // namespace dyad::alarms
