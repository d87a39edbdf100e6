// SPDX-License-Identifier: Apache-2.0
#include "engine/transitions.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <map>
#include <set>

using dyad::engine::findTransition;
using dyad::engine::Transition;
using dyad::engine::transitions;
using dyad::engine::Trigger;
using dyad::model::Role;

namespace {

constexpr Role allRoles[] = {Role::Standby,  Role::Claiming, Role::Starting, Role::Active,
                             Role::Stopping, Role::Lost,     Role::Failed,   Role::Maintenance};

QString rowText(const Transition& row) {
    return QStringLiteral("%1 → %2: %3")
        .arg(QLatin1String(toText(row.from)), QLatin1String(toText(row.to)), QString::fromUtf8(row.text));
}

// What the nodes tell in the expected traces of all scenarios.
QString allTraces() {
    QString all;
    const QDir folder(QStringLiteral(DYAD_SCENARIOS));
    for (const QString& name : folder.entryList({QStringLiteral("*.txt")}, QDir::Files)) {
        QFile file(folder.filePath(name));
        if (name != QLatin1String("CMakeLists.txt") && file.open(QIODevice::ReadOnly))
            all += QString::fromUtf8(file.readAll());
    }
    return all;
}

// docs/ROLES.md as the table has it: the picture, then every row in words.
QString rolesPage() {
    QString page = QStringLiteral("# Roles of a node in a group\n\n"
                                  "Made from `service/engine/transitions.cpp`, the one table by which roles change; a test keeps "
                                  "the two equal (`DYAD_GOLDEN_WRITE=1 engine_transitions_test` writes this page anew).\n\n"
                                  "```mermaid\nstateDiagram-v2\n");
    for (const Transition& row : transitions())
        page += QStringLiteral("  %1 --> %2: %3\n")
                    .arg(QLatin1String(toText(row.from)), QLatin1String(toText(row.to)), QLatin1String(toText(row.trigger)));
    page += QStringLiteral("```\n\n| from | when | to | what the operator reads |\n|---|---|---|---|\n");
    for (const Transition& row : transitions())
        page += QStringLiteral("| %1 | %2 | %3 | %4 |\n")
                    .arg(QLatin1String(toText(row.from)), QLatin1String(toText(row.trigger)),
                         QLatin1String(toText(row.to)), QString::fromUtf8(row.text));
    return page;
}

} // namespace

class TransitionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePageShowsTheTable() {
        QFile file(QStringLiteral(DYAD_ROLES_PAGE));
        if (qEnvironmentVariableIsSet("DYAD_GOLDEN_WRITE")) {
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(rolesPage().toUtf8());
            file.close();
        }
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(QString::fromUtf8(file.readAll()), rolesPage());
    }

    void noRoleAnswersATriggerInTwoWays();
    void everyRowChangesTheRoleAndSaysWhyInAWholeSentence();
    void everyRoleIsReachedFromStandbyAndLeadsBackToIt();
    void nothingIsOwnedWithoutAClaimOrAnAdoption();
    void aLostLeaseIsHeardInEveryRoleThatOwns();
    void everyTriggerHasANameOfItsOwn();
    void everyRowIsShownByAScenario();
};

void TransitionsTest::noRoleAnswersATriggerInTwoWays() {
    std::set<std::pair<Role, Trigger>> seen;
    for (const Transition& row : transitions())
        QVERIFY2(seen.emplace(row.from, row.trigger).second, qPrintable(rowText(row)));
    for (const Transition& row : transitions())
        QCOMPARE(findTransition(row.from, row.trigger), &row);
    QVERIFY(findTransition(Role::Maintenance, Trigger::ReservationWon) == nullptr);
}

void TransitionsTest::everyRowChangesTheRoleAndSaysWhyInAWholeSentence() {
    for (const Transition& row : transitions()) {
        QVERIFY2(row.from != row.to, qPrintable(rowText(row)));
        QVERIFY2(QString::fromUtf8(row.text).contains(QLatin1Char(' ')), qPrintable(rowText(row)));
    }
}

void TransitionsTest::everyRoleIsReachedFromStandbyAndLeadsBackToIt() {
    const auto reachedFrom = [](Role start) {
        std::set<Role> reached{start};
        for (std::size_t before = 0; before != reached.size();) {
            before = reached.size();
            for (const Transition& row : transitions())
                if (reached.contains(row.from)) reached.insert(row.to);
        }
        return reached;
    };
    QCOMPARE(reachedFrom(Role::Standby).size(), std::size(allRoles));
    for (const Role role : allRoles)
        QVERIFY2(reachedFrom(role).contains(Role::Standby), toText(role));
}

void TransitionsTest::nothingIsOwnedWithoutAClaimOrAnAdoption() {
    for (const Transition& row : transitions()) {
        if (row.to == Role::Starting && row.from != Role::Active)
            QVERIFY2(row.trigger == Trigger::ReservationWon || row.trigger == Trigger::Adopted,
                     qPrintable(rowText(row)));
        if (row.to == Role::Active) QCOMPARE(row.from, Role::Starting);
    }
}

void TransitionsTest::aLostLeaseIsHeardInEveryRoleThatOwns() {
    for (const Role role : {Role::Starting, Role::Active, Role::Stopping}) {
        const Transition* row = findTransition(role, Trigger::LeaseLost);
        QVERIFY2(row && row->to == Role::Lost, toText(role));
    }
}

void TransitionsTest::everyTriggerHasANameOfItsOwn() {
    std::map<QString, Trigger> names;
    for (const Transition& row : transitions()) {
        const auto [known, isNew] = names.emplace(QLatin1String(dyad::engine::toText(row.trigger)), row.trigger);
        QVERIFY(isNew || known->second == row.trigger);
    }
    QVERIFY(!names.contains(QStringLiteral("?")));
}

void TransitionsTest::everyRowIsShownByAScenario() {
    const QString traces = allTraces();
    QVERIFY(!traces.isEmpty());
    for (const Transition& row : transitions())
        QVERIFY2(traces.contains(rowText(row)), qPrintable("no scenario shows: " + rowText(row)));
}

QTEST_GUILESS_MAIN(TransitionsTest)
#include "transitions_test.moc"
