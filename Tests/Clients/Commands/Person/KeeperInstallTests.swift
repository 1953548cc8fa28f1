import Testing

@testable import Commands

@Suite("Installing a keeper that is a user of its own")
struct KeeperInstallTests {
    @Test("installing is root's, for another than root, from a program that root alone can change; a dry run shows all and does nothing")
    func installation() throws {
        let rig = try Rig(nil)
        #expect(try rig.run("keeper", "install", "--for", "daemon").status == 2)
        #expect(try rig.run("keeper", "install", "--system-user", "--for", "root").messages.contains("root's keeper cannot be a user of its own"))
        #expect(try rig.run("keeper", "install", "--system-user", "--for", "nobody-of-that-name").messages.contains("there is no user"))
        #expect(try rig.run("keeper", "install", "--system-user").messages.contains("say whose keeper is meant"))
    }

    @Test("the units say what they must, and the keeper's comes last")
    func units() throws {
        let keeper = SystemKeeper(person: 1000, personGroup: 100, personName: "alice", program: "/usr/local/bin/tacit")
        let units = keeper.units(keeper: 990, run: 991, runGroup: 992)
        #expect(
            units.map(\.path)
                == ["runs-1000.slice", "starter-1000.socket", "starter-1000@.service", "keeper-1000.service"].map {
                    "/etc/systemd/system/tacit-\($0)"
                })
        #expect(units[1].content.contains("ListenSequentialPacket=/run/tacit/1000.starter\nSocketUser=tacit\nSocketGroup=tacit\nSocketMode=0600\n"))
        #expect(units[2].content.contains("ExecStart=/usr/local/bin/tacit __starter 1000 100 990 991 992\n"))
        #expect(units[2].content.contains("\nCapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_ADMIN\n"))
        #expect(units[2].content.contains("\nSlice=tacit-runs-1000.slice\nMemoryMax=75%\nTasksMax=1024\nOOMPolicy=continue\n"))
        #expect(units[0].content.contains("\n[Slice]\nMemoryMax=75%\nTasksMax=4096\n") && units[1].content.contains("\nAccept=yes\n"))
        #expect(units[3].content.contains("ExecStart=/usr/local/bin/tacit keeper --person 1000\nUser=tacit\nGroup=tacit\n"))
        for line in [
            "SupplementaryGroups=100", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "PrivateTmp=yes", "LimitCORE=0",
        ] {
            #expect(units[3].content.contains("\n\(line)\n"))
        }
    }
}
