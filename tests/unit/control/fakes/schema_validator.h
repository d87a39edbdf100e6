// SPDX-License-Identifier: Apache-2.0
// The part of JSON Schema (2020-12) that resources/openapi.json uses: type, properties, required, additionalProperties,
// items, enum, pattern, oneOf, $ref within the document. A keyword that it doesn't know is an error of the schema.
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSet>
#include <QString>

namespace dyad::test {

class SchemaValidator {
public:
    explicit SchemaValidator(QJsonObject document) : m_document(std::move(document)) {}

    // Empty: the value is what the schema says. Else where and why it isn't.
    [[nodiscard]] QString complaint(const QJsonValue& value, const QJsonObject& schema, const QString& at = "$") const {
        static const QSet<QString> known{"type",        "properties", "required", "additionalProperties",
                                         "items",       "enum",       "pattern",  "oneOf",
                                         "description", "$ref"};
        for (const QString& keyword : schema.keys())
            if (!known.contains(keyword)) return at + ": the schema has a keyword that is not known here: " + keyword;
        if (schema.contains("$ref")) return complaint(value, resolved(schema["$ref"].toString()), at);
        if (schema.contains("oneOf")) {
            QString all;
            for (const QJsonValue& each : schema["oneOf"].toArray()) {
                const QString why = complaint(value, each.toObject(), at);
                if (why.isEmpty()) return {};
                all += (all.isEmpty() ? "" : "; ") + why;
            }
            return all;
        }
        const QString type = schema["type"].toString();
        if (!type.isEmpty() && !isOf(value, type)) return at + ": must be of the type " + type;
        if (schema.contains("enum") && !schema["enum"].toArray().contains(value))
            return at + ": \"" + value.toString() + "\" is not one of the allowed words";
        if (schema.contains("pattern") &&
            !QRegularExpression(schema["pattern"].toString()).match(value.toString()).hasMatch())
            return at + ": \"" + value.toString() + "\" does not match " + schema["pattern"].toString();
        if (value.isArray() && schema.contains("items")) {
            const QJsonArray array = value.toArray();
            for (qsizetype i = 0; i < array.size(); ++i)
                if (const QString why =
                        complaint(array[i], schema["items"].toObject(), at + "[" + QString::number(i) + "]");
                    !why.isEmpty())
                    return why;
        }
        return value.isObject() ? objectComplaint(value.toObject(), schema, at) : QString();
    }

    [[nodiscard]] QJsonObject resolved(const QString& reference) const {
        QJsonValue found = m_document;
        for (const QString& part : reference.mid(2).split('/')) // "#/components/schemas/State"
            found = found.toObject()[part];
        return found.toObject();
    }

private:
    [[nodiscard]] QString objectComplaint(const QJsonObject& object, const QJsonObject& schema, const QString& at) const {
        const QJsonObject properties = schema["properties"].toObject();
        for (const QJsonValue& name : schema["required"].toArray())
            if (!object.contains(name.toString())) return at + ": " + name.toString() + " is missing";
        for (auto each = object.begin(); each != object.end(); ++each) {
            if (properties.contains(each.key())) {
                const QString why = complaint(each.value(), properties[each.key()].toObject(), at + "." + each.key());
                if (!why.isEmpty()) return why;
            } else if (schema["additionalProperties"] == QJsonValue(false)) {
                return at + ": " + each.key() + " is not in the schema";
            } else if (schema["additionalProperties"].isObject()) {
                const QString why =
                    complaint(each.value(), schema["additionalProperties"].toObject(), at + "." + each.key());
                if (!why.isEmpty()) return why;
            }
        }
        return {};
    }

    [[nodiscard]] static bool isOf(const QJsonValue& value, const QString& type) {
        if (type == "object") return value.isObject();
        if (type == "array") return value.isArray();
        if (type == "string") return value.isString();
        if (type == "boolean") return value.isBool();
        if (type == "null") return value.isNull();
        if (type == "number") return value.isDouble();
        return type == "integer" && value.isDouble() && value.toInteger(0) == value.toInteger(1);
    }

    QJsonObject m_document;
};

} // namespace dyad::test
