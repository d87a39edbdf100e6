// SPDX-License-Identifier: Apache-2.0
#include "control/client/errors.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

namespace dyad::control {

Failure failureFromStatus(int status, const QByteArray& body, const QUrl& url) {
    const Result<QJsonObject> object = objectFromBytes(body, "the answer");
    if (object.ok())
        if (const std::optional<Error> told = errorFromJson(object.value())) return {Failure::Kind::Refused, *told};
    return {Failure::Kind::Unreadable, Error{"ask", url.toString().toStdString(),
                                             "HTTP status " + std::to_string(status) + " without an explanation",
                                             "Look whether this address and port really belong to dyadd"}};
}

Failure unreachable(const QUrl& url, const QString& why) {
    return {Failure::Kind::Unreachable,
            Error{"reach the service at", url.toString(QUrl::RemovePath | QUrl::RemoveQuery).toStdString(),
                  why.toStdString(), "Look whether dyadd runs there: systemctl status dyadd"}};
}

} // namespace dyad::control
