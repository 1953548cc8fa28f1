import Policies

/// Which operations of AWS give out credentials, by the name that requests to the service are signed for; all in small letters.
///
/// What is on the list holds keys, passwords, tokens, or addresses that are good for who has them; or what another service keeps sealed, in clear.
enum AWSCredentialOperations {
    /// Of services whose requests name the operation.
    static let named: [String: Set<String>] = [
        "acm": ["exportcertificate"],
        "appstream": ["createstreamingurl", "createimagebuilderstreamingurl", "createappblockbuilderstreamingurl"],
        "cognito-identity": ["getcredentialsforidentity", "getopenidtoken", "getopenidtokenfordeveloperidentity"],
        "cognito-idp": [
            "initiateauth", "admininitiateauth", "respondtoauthchallenge", "adminrespondtoauthchallenge", "gettokensfromrefreshtoken",
            "associatesoftwaretoken", "createuserpoolclient", "describeuserpoolclient", "updateuserpoolclient", "adduserpoolclientsecret",
            "listuserpoolclientsecrets", "createidentityprovider", "describeidentityprovider", "updateidentityprovider",
        ],
        "ec2": [
            "createkeypair", "getpassworddata", "createvpnconnection", "describevpnconnections", "modifyvpnconnection", "modifyvpnconnectionoptions",
            "modifyvpntunnelcertificate", "modifyvpntunneloptions", "getvpnconnectiondevicesampleconfiguration",
        ],
        "ecr": ["getauthorizationtoken"], "ecr-public": ["getauthorizationtoken"],
        "ecs": ["executecommand"],
        "elasticmapreduce": ["getclustersessioncredentials", "getonclusterappuipresignedurl", "getpersistentappuipresignedurl"],
        "gamelift": ["requestuploadcredentials", "getcomputeaccess", "getcomputeauthtoken", "getinstanceaccess"],
        "iam": ["createaccesskey", "createservicespecificcredential", "resetservicespecificcredential", "createvirtualmfadevice"],
        "iotsecuredtunneling": ["opentunnel", "rotatetunnelaccesstoken"],
        "kms": ["decrypt", "generatedatakey", "generatedatakeypair", "derivesharedsecret"],
        "lightsail": [
            "createkeypair", "downloaddefaultkeypair", "getinstanceaccessdetails", "getrelationaldatabasemasteruserpassword",
            "createbucketaccesskey", "createcontainerserviceregistrylogin", "createguisessionaccessdetails",
        ],
        "redshift": ["getclustercredentials", "getclustercredentialswithiam", "getidentitycenterauthtoken"],
        "redshift-serverless": ["getcredentials", "getidentitycenterauthtoken"],
        "sagemaker": [
            "createpresigneddomainurl", "createpresignednotebookinstanceurl", "createpresignedmlflowtrackingserverurl", "createpresignedmlflowappurl",
            "createpartnerapppresignedurl", "startsession",
        ],
        "secretsmanager": ["getsecretvalue", "batchgetsecretvalue"],
        "ssm": [
            "getparameter", "getparameters", "getparametersbypath", "getparameterhistory", "startsession", "resumesession", "createactivation",
            "getaccesstoken",
        ],
        "workmail": ["assumeimpersonationrole"],
    ]

    /// Of services whose requests name what they are about by a path.
    static let paths: [String: [Glob]] = [
        "airflow": ["/clitoken/*", "/webtoken/*"],
        "apigateway": ["/apikeys", "/apikeys/*", "/usageplans/*/keys", "/usageplans/*/keys/*"],
        "appsync": ["/v1/apis/*/apikeys", "/v1/apis/*/apikeys/*", "/v2/apis/*/apikeys", "/v2/apis/*/apikeys/*"],
        "bedrock-agentcore": [
            "/identities/api-key", "/identities/oauth2/token", "/identities/getworkloadaccesstoken", "/identities/getworkloadaccesstokenforjwt",
            "/identities/getworkloadaccesstokenforuserid",
        ],
        "codeartifact": ["/v1/authorization-token"],
        "codecatalyst": ["/v1/accesstokens"],
        "connect": ["/user/federate/*"],
        "datazone": ["/v2/domains/*/environments/*/credentials", "/v2/domains/*/connections/*"],
        "deadline": ["/2023-10-12/**/read-roles", "/2023-10-12/**/user-roles", "/2023-10-12/**/queue-roles", "/2023-10-12/**/fleet-roles"],
        "eks-auth": ["/clusters/*/assume-role-for-pod-identity"],
        "emr-containers": ["/virtualclusters/*/endpoints/*/credentials"],
        "geo": ["/metadata/v0/keys", "/metadata/v0/keys/*", "/metadata/v0/list-keys"],
        "grafana": ["/workspaces/*/apikeys", "/workspaces/*/serviceaccounts/*/tokens"],
        "iot": ["/keys-and-certificate", "/provisioning-templates/*/provisioning-claim"],
        "iotwireless": ["/wireless-devices/*"],
        "ivs": [
            "/createchannel", "/createstreamkey", "/getstreamkey", "/batchgetstreamkey", "/createparticipanttoken", "/createstage",
            "/createingestconfiguration", "/getingestconfiguration",
        ],
        "ivschat": ["/createchattoken"],
        "lakeformation": [
            "/gettemporarygluetablecredentials", "/gettemporarygluepartitioncredentials", "/gettemporarydatalocationcredentials",
            "/assumedecoratedrolewithsaml",
        ],
        "managedblockchain": ["/accessors"],
        "mediapackage": ["/channels", "/channels/**"],
        "quicksight": [
            "/accounts/*/dashboards/*/embed-url", "/accounts/*/session-embed-url", "/accounts/*/embed-url/**",
        ],
        "rolesanywhere": ["/sessions"],
        "s3": ["/**/accessgrantsinstance/dataaccess"], "s3express": ["/**/accessgrantsinstance/dataaccess"],
        "signin": ["/v1/token"],
        "sso": ["/federation/credentials"],
        "sso-oauth": ["/token"],
    ].mapValues { $0.map(pattern) }

    private static func pattern(_ text: String) -> Glob {
        guard let glob = try? Glob(text, over: .path) else { preconditionFailure("internal: a pattern that no path can match") }
        return glob
    }
}
