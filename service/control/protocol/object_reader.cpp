// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/object_reader.h"

#include <QJsonDocument>

namespace dyad::control {

bool ObjectReader::present(const char* name) {
    if (m_error) return false;
    if (m_object.contains(QLatin1String(name))) return true;
    fail(name, "is missing");
    return false;
}

std::string ObjectReader::text(const char* name) {
    if (!present(name)) return {};
    const QJsonValue value = m_object[QLatin1String(name)];
    if (!value.isString()) fail(name, "must be a text");
    return value.toString().toStdString();
}

bool ObjectReader::boolean(const char* name) {
    if (!present(name)) return false;
    const QJsonValue value = m_object[QLatin1String(name)];
    if (!value.isBool()) fail(name, "must be true or false");
    return value.toBool();
}

double ObjectReader::number(const char* name) {
    if (!present(name)) return 0;
    const QJsonValue value = m_object[QLatin1String(name)];
    if (!value.isDouble()) fail(name, "must be a number");
    return value.toDouble();
}

std::int64_t ObjectReader::integer(const char* name, std::int64_t least, std::int64_t greatest) {
    if (!present(name)) return 0;
    const QJsonValue value = m_object[QLatin1String(name)];
    // toInteger() gives its default back for what is no whole number: two defaults tell it from a real value.
    if (!value.isDouble() || value.toInteger(0) != value.toInteger(1)) {
        fail(name, "must be a whole number");
        return 0;
    }
    const std::int64_t number = value.toInteger();
    if (number < least || number > greatest) {
        fail(name, std::to_string(number) + " is out of range");
        return 0;
    }
    return number;
}

QJsonObject ObjectReader::object(const char* name) {
    if (!present(name)) return {};
    const QJsonValue value = m_object[QLatin1String(name)];
    if (!value.isObject()) fail(name, "must be an object");
    return value.toObject();
}

QJsonArray ObjectReader::array(const char* name) {
    if (!present(name)) return {};
    const QJsonValue value = m_object[QLatin1String(name)];
    if (!value.isArray()) fail(name, "must be a list");
    return value.toArray();
}

QString ObjectReader::pathOf(const char* name) const {
    return m_path.isEmpty() ? QString::fromLatin1(name) : m_path + QLatin1Char('.') + QLatin1String(name);
}

void ObjectReader::failAt(const QString& path, std::string_view cameBack) {
    if (m_error) return;
    m_error = Error{"read the field", path.toStdString(), std::string(cameBack),
                    "The two programs may be of different versions: compare `dyad version` on both hosts"};
}

Result<QJsonObject> objectFromBytes(const QByteArray& bytes, const std::string& what) {
    QJsonParseError trouble;
    const QJsonDocument document = QJsonDocument::fromJson(bytes, &trouble);
    if (trouble.error != QJsonParseError::NoError)
        return Error{"read JSON of", what,
                     "byte " + std::to_string(trouble.offset) + ": " + trouble.errorString().toStdString(),
                     "Send one JSON object"};
    if (!document.isObject())
        return Error{"read JSON of", what, "it is no object", "Send one JSON object: {\"name\": value}"};
    return document.object();
}

QByteArray toLine(const QJsonObject& object) { return QJsonDocument(object).toJson(QJsonDocument::Compact); }

} // namespace dyad::control
