import ArgumentParser

extension TacitCommand {
    static var groups: [CommandGroup] {
        [
            CommandGroup(name: "Vault", subcommands: vault),
            CommandGroup(name: "Secrets", subcommands: secrets),
            CommandGroup(name: "Using secrets", subcommands: running),
            CommandGroup(name: "Places", subcommands: places),
            CommandGroup(name: "Agents", subcommands: agents),
            CommandGroup(name: "Keys and log", subcommands: administration),
            CommandGroup(name: "Your shell", subcommands: shell),
        ]
    }

    private static var vault: [any ParsableCommand.Type] {
        [
            InitCommand.self, UnlockCommand.self, LockCommand.self, StatusCommand.self, BackupCommand.self, RestoreBackupCommand.self,
            DoctorCommand.self, KeeperCommand.self,
        ]
    }

    private static var secrets: [any ParsableCommand.Type] {
        [
            SetCommand.self, GenerateCommand.self, GetCommand.self, ListCommand.self, ShowCommand.self, HistoryCommand.self, DiffCommand.self,
            RollbackCommand.self,
            RestoreCommand.self, HealthCommand.self, DeleteCommand.self,
            UndeleteCommand.self, PurgeCommand.self, RenameCommand.self, TagCommand.self, RenewCommand.self, ImportCommand.self, ExportCommand.self,
        ]
    }

    private static var running: [any ParsableCommand.Type] { [RunCommand.self, InjectCommand.self, MCPCommand.self] }

    private static var places: [any ParsableCommand.Type] { [ProjectCommand.self, EnvironmentCommand.self] }

    private static var agents: [any ParsableCommand.Type] {
        [
            SetupCommand.self, AgentCommand.self, PolicyCommand.self, ApprovalsCommand.self, TotpCommand.self, SessionCommand.self,
            TokenCommand.self, PanicCommand.self, TrafficCommand.self,
        ]
    }

    private static var administration: [any ParsableCommand.Type] {
        [PasswordCommand.self, SlotCommand.self, RotateCommand.self, AuditCommand.self]
    }

    private static var shell: [any ParsableCommand.Type] { [CompletionsCommand.self, HookCommand.self] }

    static var hidden: [any ParsableCommand.Type] {
        [KeeperHelperCommand.self, ReferenceCommand.self, DirectoryScopeCommand.self, ManualCommand.self]
    }
}
